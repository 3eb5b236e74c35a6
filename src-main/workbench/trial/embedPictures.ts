import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { FaceImage, PictureRegion, Rejected } from '../../data/dataset.ts';
import type { EveryFaceFinder } from '../../data/faceFinder.ts';
import type { FaceWorkers } from '../../data/faceWorkers.ts';
import { openPackedImages, type PackedImages } from '../../data/preparedSet.ts';
import type { Embedder } from '../../evaluate/embedder/startEmbedder.ts';
import { locateFaces, type LocatedFace } from './locateFaces.ts';
import type { TrialRun } from './trialRun.ts';

/** One face with its embedding. */
export interface EmbeddedFace {
  readonly image: FaceImage;
  /** Its place among the faces of its picture, the largest first, counted from 1. */
  readonly face: number;
  /** How many faces were found in the picture. */
  readonly faces: number;
  readonly box: PictureRegion | null;
  readonly landmarks: readonly number[] | null;
  /** Of unit length. */
  readonly unit: Float32Array;
}

export interface EmbedTools {
  readonly finder: Pick<EveryFaceFinder, 'findEvery'>;
  readonly workers: Pick<FaceWorkers, 'cut'>;
  readonly embedder: Embedder;
}

export interface EmbedPicturesOptions {
  readonly aligned: boolean;
  /** Only the largest face of each picture, as in training. */
  readonly largestOnly: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

const picturesAtOnce = 8;

type CutFace = Omit<EmbeddedFace, 'unit'>;
interface CutPictures {
  readonly faces: readonly CutFace[];
  readonly pixels: Uint8Array;
  readonly rejected: readonly Rejected[];
}

/**
 * Embeds every face of some pictures with a run, as its training and its evaluation did. A picture without a usable
 * face is listed with its reason. Throws 'cancelled' and what the embedder throws.
 */
export async function embedPictures(
  run: TrialRun,
  images: readonly FaceImage[],
  options: EmbedPicturesOptions & { readonly tools: EmbedTools },
): Promise<{ readonly faces: readonly EmbeddedFace[]; readonly rejected: readonly Rejected[] }> {
  const { signal, onProgress, tools } = options;
  const packed = run.set && openPackedImages(run.set);
  const faces: EmbeddedFace[] = [];
  const rejected: Rejected[] = [];
  const cutFrom = (first: number): Promise<CutPictures> | null =>
    first < images.length
      ? cutPictures(run, images.slice(first, first + picturesAtOnce), { ...options, packed })
      : null;
  let ahead: Promise<CutPictures> | null = null;
  try {
    ahead = cutFrom(0);
    for (let first = 0; ahead !== null; first += picturesAtOnce) {
      const cut: CutPictures = await ahead;
      if (signal.aborted) throw new ArcBenchError('cancelled', 'Embedding was stopped: nothing was written.');
      ahead = cutFrom(first + picturesAtOnce); // the next pictures are cut while these are embedded
      ahead?.catch(() => undefined); // whoever awaits it hears of it
      rejected.push(...cut.rejected);
      faces.push(...(await withUnits(cut, run, tools.embedder)));
      onProgress(Math.min(first + picturesAtOnce, images.length), images.length);
    }
    return { faces, rejected };
  } finally {
    await ahead?.catch(() => undefined);
    packed?.close();
  }
}

async function withUnits(
  { faces, pixels }: CutPictures,
  { model }: TrialRun,
  embedder: Embedder,
): Promise<EmbeddedFace[]> {
  if (faces.length === 0) return [];
  const units = await embedder.embed(model, pixels);
  const size = units.length / faces.length;
  return faces.map((face, row) => ({ ...face, unit: units.slice(row * size, (row + 1) * size) }));
}

/** Finds the faces of some pictures and cuts them, in the order of the pictures. */
async function cutPictures(
  run: TrialRun,
  images: readonly FaceImage[],
  {
    aligned,
    largestOnly,
    tools: { finder, workers },
    packed,
  }: EmbedPicturesOptions & { readonly tools: EmbedTools; readonly packed: PackedImages | null },
): Promise<CutPictures> {
  const located = await Promise.all(images.map((image) => locateFaces({ image }, run, { finder, aligned })));
  const rejected: Rejected[] = [];
  const wanted: { readonly face: CutFace; readonly source: LocatedFace['source'] }[] = [];
  for (const [place, found] of located.entries()) {
    const image = images[place]!;
    if ('reason' in found) rejected.push({ path: image.path, reason: found.reason });
    else
      for (const [at, { box, landmarks, source }] of (largestOnly ? found.slice(0, 1) : found).entries())
        wanted.push({ face: { image, face: at + 1, faces: found.length, box, landmarks }, source });
  }
  const pixels = await pixelsOf(run, wanted, { workers, packed });
  const usable = wanted.flatMap(({ face }, place) => {
    const own = pixels[place]!;
    if (own instanceof Uint8Array) return [{ face, own }];
    rejected.push({ path: face.image.path, reason: own.reason });
    return [];
  });
  return { faces: usable.map(({ face }) => face), pixels: joined(usable.map(({ own }) => own)), rejected };
}

/** The aligned pixels of each face, RGB uint8 [inputSize][inputSize][3], or why there are none. */
async function pixelsOf(
  { model: { inputSize } }: TrialRun,
  wanted: readonly { readonly source: LocatedFace['source'] }[],
  { workers, packed }: { readonly workers: Pick<FaceWorkers, 'cut'>; readonly packed: PackedImages | null },
): Promise<(Uint8Array | { readonly reason: string })[]> {
  const bytes = inputSize * inputSize * 3;
  const tasks = wanted.flatMap(({ source }) => (source.kind === 'file' ? [source] : []));
  const batch = await workers.cut(tasks.map(({ image, cut }) => ({ image, cut })));
  let task = 0;
  let at = 0;
  return wanted.map(({ source }) => {
    if (source.kind === 'prepared') {
      const pixels = new Uint8Array(bytes);
      packed?.readInto([source.index], pixels);
      return pixels;
    }
    const face = batch.faces[task++]!;
    if ('reason' in face) return face;
    at += bytes;
    return batch.pixels.subarray(at - bytes, at);
  });
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
