import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FaceImage, PictureRegion } from '../../data/dataset.ts';
import type { Cut } from '../../data/decodeFace.ts';
import type { EveryFaceFinder } from '../../data/faceFinder.ts';
import { recordPictureOf } from '../../data/records/recordPicture.ts';
import type { TrialRun } from './trialRun.ts';

/** How a face of a picture is cut: out of its file, or as it lies in the run's prepared set. */
export type FaceSource =
  | { readonly kind: 'file'; readonly image: FaceImage; readonly cut: Cut }
  | { readonly kind: 'prepared'; readonly index: number };

/** One face of a picture. The box is in pixels of the EXIF-turned picture; null where no detector looked for one. */
export interface LocatedFace {
  readonly box: PictureRegion | null;
  /** Ten numbers x0,y0..x4,y4; null where the face is cut without them. */
  readonly landmarks: readonly number[] | null;
  readonly source: FaceSource;
}

/** A picture by its path, or by the bytes of its file beside a name for it. */
export interface GivenPicture {
  readonly image: FaceImage;
  readonly bytes?: Buffer;
}

export const noFaceIn =
  'No face was found: use a photograph that shows eyes, nose and mouth, or say that the picture is an aligned face ' +
  'already, if it is one.';

export interface LocateOptions {
  readonly finder: Pick<EveryFaceFinder, 'findEvery'>;
  /** Whether the picture is an aligned face already, and is taken whole. */
  readonly aligned: boolean;
}

/**
 * The faces of a picture as the run's training would have cut them, the largest first. Landmarks that were given are
 * used as they are, and a picture of the run's own prepared set is taken from there. Gives the reason in one sentence
 * where there is no face.
 */
export async function locateFaces(
  { image, bytes }: GivenPicture,
  run: TrialRun,
  { finder, aligned }: LocateOptions,
): Promise<readonly LocatedFace[] | { readonly reason: string }> {
  const { cut } = run;
  const inFile = (landmarks: readonly number[] | null, own: Cut = cut): FaceSource => ({
    kind: 'file',
    image: landmarks ? { ...image, landmarks } : image,
    cut: own,
  });
  if (aligned)
    return [{ box: null, landmarks: null, source: inFile(null, { kind: 'whole', inputSize: cut.inputSize }) }];
  if (cut.kind === 'landmarks' && image.landmarks)
    return [{ box: boxAround(image.landmarks), landmarks: image.landmarks, source: inFile(image.landmarks) }];
  const index = await placeInSet({ image, ...(bytes && { bytes }) }, run);
  if (index !== null) {
    const landmarks = run.set?.images[index]?.landmarks ?? null;
    return [{ box: landmarks && boxAround(landmarks), landmarks, source: { kind: 'prepared', index } }];
  }
  if (cut.kind !== 'landmarks') return [{ box: null, landmarks: null, source: inFile(null) }];
  const found = await finder.findEvery(bytes ?? image.path);
  if ('reason' in found) return found;
  if (found.length === 0) return { reason: noFaceIn };
  return found.map(({ box, landmarks }) => ({ box, landmarks, source: inFile(landmarks) }));
}

/** The place of a picture in the run's prepared set, by the SHA-256 of its file; null where it is not there. */
async function placeInSet({ image, bytes }: GivenPicture, { known }: TrialRun): Promise<number | null> {
  if (known.size === 0 || recordPictureOf(image.path)) return null;
  const file = bytes ?? (await readFile(image.path).catch(() => null));
  return file && (known.get(createHash('sha256').update(file).digest('hex')) ?? null);
}

const faceByEyes = 2.4; // side of the box by the distance of the outermost points, about what the detector draws

/** A box around five points, for a face that no detector looked for. */
function boxAround(landmarks: readonly number[]): PictureRegion {
  const xs = landmarks.filter((_, place) => place % 2 === 0);
  const ys = landmarks.filter((_, place) => place % 2 === 1);
  const left = Math.min(...xs);
  const right = Math.max(...xs);
  const top = Math.min(...ys);
  const bottom = Math.max(...ys);
  const side = Math.round(Math.max(right - left, bottom - top) * faceByEyes);
  return {
    left: Math.max(0, Math.round((left + right - side) / 2)),
    top: Math.max(0, Math.round((top + bottom - side) / 2)),
    width: side,
    height: side,
  };
}
