/** What is known of a picture before it is decoded. Width and height are in pixels of the EXIF-turned picture. */
export interface SizedPicture {
  readonly landmarks?: readonly number[];
  readonly width?: number;
  readonly height?: number;
}

/** Whole photographs among pictures without landmarks, with their median size in pixels. */
export interface Photographs {
  readonly count: number;
  readonly pictures: number;
  readonly width: number;
  readonly height: number;
}

/** A face that was cut out is rarely larger: pixels of the shorter side. */
const largestFace = 320;
/** A smaller picture shows little but the face: pixels of the shorter side. */
const smallestPhotograph = 168;

/**
 * The pictures without landmarks that are too large to be faces that were cut out already; null if these are fewer than
 * half of all pictures without landmarks.
 */
export function photographsAmong(images: readonly SizedPicture[]): Photographs | null {
  const without = images.filter(({ landmarks }) => landmarks === undefined);
  const large = without.filter((image) => shorterSide(image) >= largestFace);
  if (large.length === 0 || large.length * 2 < without.length) return null;
  return {
    count: large.length,
    pictures: images.length,
    width: median(large.map(({ width = 0 }) => width)),
    height: median(large.map(({ height = 0 }) => height)),
  };
}

/** Whether faces may be looked for: most pictures without landmarks are larger than faces. */
export function mayHoldFaces(images: readonly SizedPicture[]): boolean {
  const sides = images.filter(({ landmarks }) => landmarks === undefined).map(shorterSide);
  return sides.length > 0 && median(sides) >= smallestPhotograph;
}

const shorterSide = ({ width = 0, height = 0 }: SizedPicture): number => Math.min(width, height);

/** The middle one of the values in ascending order, or the higher of two. */
const median = (values: readonly number[]): number =>
  Float64Array.from(values).sort()[Math.floor(values.length / 2)] ?? 0;
