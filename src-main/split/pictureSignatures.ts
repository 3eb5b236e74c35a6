import { openPackedImages, type PreparedSet } from '../data/preparedSet.ts';

/** The side of a thumbnail in cells. 24 cells tell two people in one pose apart; 16 do not always. */
const side = 24;
const cells = side * side;
/** Pictures with fewer known cells than this, or two that share fewer, are not compared. */
const fewestCells = cells / 4;

/** Low frequencies by which pictures are sorted: those with u + v up to 4, without the mean. */
const frequencies = Array.from({ length: 5 }, (_, u) => Array.from({ length: 5 - u }, (_unused, v) => [u, v] as const))
  .flat()
  .filter(([u, v]) => u + v > 0);
export const signatureSize = frequencies.length;
/** Mirroring a picture changes the sign of the frequencies that are odd from left to right. */
export const mirrorSigns = Float64Array.from(frequencies, ([u]) => (u % 2 === 0 ? 1 : -1));

/** What pictures are compared by. */
export interface PictureSignatures {
  /** [n, signatureSize]: the low frequencies of each picture's grey thumbnail, which has mean 0 and length 1. */
  readonly frequencies: Float32Array;
  /** Difference hashes in two halves of 32 bits, of the pictures and of their mirror images. */
  readonly hashes: HashHalves;
  readonly mirroredHashes: HashHalves;
  /** Whether a picture has enough structure and enough known cells to be compared. */
  readonly usable: Uint8Array;
  /** The correlation of the grey thumbnails of two pictures, over the cells that both show. */
  correlation(first: number, second: number, mirrored: boolean): number;
}
export interface HashHalves {
  readonly high: Int32Array;
  readonly low: Int32Array;
}

/** Reads all pictures of a prepared set, calls `onProgress` now and then, and gives what they are compared by. */
export async function readSignatures(
  set: PreparedSet,
  onProgress: (done: number) => Promise<void>,
): Promise<PictureSignatures> {
  const thumbnails = new Uint8Array(set.count * cells);
  const vectors = new Float32Array(set.count * signatureSize);
  const usable = new Uint8Array(set.count);
  const hashes = hashesOf(set);
  const packed = openPackedImages(set);
  try {
    const pixels = new Uint8Array(set.inputSize * set.inputSize * 3);
    const shrink = shrinkerOf(set.inputSize);
    for (let index = 0; index < set.count; index++) {
      packed.readInto([index], pixels);
      const thumbnail = thumbnails.subarray(index * cells, (index + 1) * cells);
      shrink(pixels, thumbnail);
      const vector = vectors.subarray(index * signatureSize, (index + 1) * signatureSize);
      const known = lowFrequencies(thumbnail, vector);
      usable[index] = known >= fewestCells && !isFlat(hashes, index) ? 1 : 0;
      if (index % 256 === 255) await onProgress(index + 1);
    }
  } finally {
    packed.close();
  }
  return {
    frequencies: vectors,
    hashes,
    mirroredHashes: mirroredHalves(hashes),
    usable,
    correlation: (first, second, mirrored) => correlationOf(thumbnails, { first, second, mirrored }),
  };
}

/**
 * Averages pictures to grey cells from 1 to 255. Black pixels do not count: they lie outside of the picture that the
 * face was cut from, and two faces that are cut in one way share them. A cell that is mostly black is 0.
 */
function shrinkerOf(size: number): (pixels: Uint8Array, thumbnail: Uint8Array) => void {
  const cellAt = Uint8Array.from({ length: size }, (_, at) => Math.floor((at * side) / size));
  const sums = new Uint32Array(cells);
  const counts = new Uint32Array(cells);
  const areas = new Uint32Array(cells);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) areas[(cellAt[y] as number) * side + (cellAt[x] as number)]!++;
  return (pixels, thumbnail) => {
    sums.fill(0);
    counts.fill(0);
    for (let y = 0, at = 0; y < size; y++) {
      const row = (cellAt[y] as number) * side;
      for (let x = 0; x < size; x++, at += 3) {
        const grey = 299 * pixels[at]! + 587 * pixels[at + 1]! + 114 * pixels[at + 2]!;
        if (grey === 0) continue;
        const cell = row + (cellAt[x] as number);
        sums[cell]! += grey;
        counts[cell]!++;
      }
    }
    for (let cell = 0; cell < cells; cell++) {
      const isKnown = counts[cell]! > 0 && counts[cell]! * 2 >= areas[cell]!;
      thumbnail[cell] = isKnown ? Math.max(1, Math.round(sums[cell]! / (1000 * counts[cell]!))) : 0;
    }
  };
}

/** The cosine basis of the low frequencies, [signatureSize, cells], each row of length 1. */
const basis = Float32Array.from(
  frequencies.flatMap(([u, v]) => {
    const wave = (frequency: number, at: number) =>
      Math.cos((Math.PI * (at + 0.5) * frequency) / side) * Math.sqrt((frequency === 0 ? 1 : 2) / side);
    return Array.from({ length: cells }, (_, cell) => wave(u, cell % side) * wave(v, Math.floor(cell / side)));
  }),
);

const deviations = new Float32Array(cells); // of the thumbnail at hand

/** Writes the low frequencies of a thumbnail. Returns how many of its cells are known. */
function lowFrequencies(thumbnail: Uint8Array, vector: Float32Array): number {
  let known = 0;
  let sum = 0;
  let squares = 0;
  for (const grey of thumbnail) {
    if (grey === 0) continue;
    known++;
    sum += grey;
    squares += grey * grey;
  }
  const mean = sum / known;
  const length = Math.sqrt(squares - sum * mean) || 1;
  for (let cell = 0; cell < cells; cell++) deviations[cell] = thumbnail[cell]! === 0 ? 0 : thumbnail[cell]! - mean;
  for (let frequency = 0; frequency < signatureSize; frequency++) {
    let product = 0;
    for (let cell = 0, at = frequency * cells; cell < cells; cell++, at++) product += deviations[cell]! * basis[at]!;
    vector[frequency] = product / length;
  }
  return known;
}

function correlationOf(
  thumbnails: Uint8Array,
  { first, second, mirrored }: { readonly first: number; readonly second: number; readonly mirrored: boolean },
): number {
  let known = 0;
  let sumA = 0;
  let sumB = 0;
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  for (let row = 0; row < cells; row += side) {
    for (let column = 0; column < side; column++) {
      const a = thumbnails[first * cells + row + column]!;
      const b = thumbnails[second * cells + row + (mirrored ? side - 1 - column : column)]!;
      if (a === 0 || b === 0) continue;
      known++;
      sumA += a;
      sumB += b;
      squaresA += a * a;
      squaresB += b * b;
      products += a * b;
    }
  }
  if (known < fewestCells) return 0;
  const spread = (squaresA - (sumA * sumA) / known) * (squaresB - (sumB * sumB) / known);
  return spread <= 0 ? 0 : (products - (sumA * sumB) / known) / Math.sqrt(spread);
}

function hashesOf({ images }: PreparedSet): HashHalves {
  const half = (from: number) =>
    Int32Array.from(images, ({ perceptualHash }) => Number.parseInt(perceptualHash.slice(from, from + 8), 16));
  return { high: half(0), low: half(8) };
}

/** In a mirrored row of eight comparisons, each one has the other order and the opposite outcome. */
const mirroredByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let mirrored = 0;
  for (let bit = 0; bit < 8; bit++) if (((byte >> bit) & 1) === 0) mirrored |= 0x80 >> bit;
  return mirrored;
});
function mirroredHalves({ high, low }: HashHalves): HashHalves {
  const mirrored = (half: number) =>
    (mirroredByte[half >>> 24]! << 24) |
    (mirroredByte[(half >>> 16) & 255]! << 16) |
    (mirroredByte[(half >>> 8) & 255]! << 8) |
    mirroredByte[half & 255]!;
  return { high: high.map(mirrored), low: low.map(mirrored) };
}

/**
 * How many bits of two 32-bit numbers are set: counted in pairs of bits, then in fours, then in bytes. `| 0` keeps the
 * sums 32-bit integers; without it they would be floating-point numbers, which are several times slower.
 */
export function bitsSet(one: number, other: number): number {
  const onePairs = (one - ((one >>> 1) & 0x55555555)) | 0;
  const otherPairs = (other - ((other >>> 1) & 0x55555555)) | 0;
  const oneFours = ((onePairs & 0x33333333) + ((onePairs >>> 2) & 0x33333333)) | 0;
  const otherFours = ((otherPairs & 0x33333333) + ((otherPairs >>> 2) & 0x33333333)) | 0;
  const fours = (oneFours + otherFours) | 0;
  const bytes = ((fours & 0x0f0f0f0f) + ((fours >>> 4) & 0x0f0f0f0f)) | 0;
  return Math.imul(bytes, 0x01010101) >>> 24;
}

/** The hash of a flat picture is nearly all zeros or ones, so all flat pictures would look the same. */
function isFlat({ high, low }: HashHalves, index: number): boolean {
  const bits = bitsSet(high[index]!, low[index]!);
  return bits <= 3 || bits >= 61;
}
