import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { decodeFace } from '../../data/decodeFace.ts';
import type { EveryFaceFinder } from '../../data/faceFinder.ts';
import { decodeWithinMemory, pictureIn, sizeOf } from '../../data/pictureFile.ts';
import { openPackedImages } from '../../data/preparedSet.ts';
import type { Embedder } from '../../evaluate/embedder/startEmbedder.ts';
import { locateFaces, type LocatedFace } from './locateFaces.ts';
import type { TrialRun } from './trialRun.ts';

const mostFaces = 400;

/** A face as one run sees it: RGB uint8 [inputSize][inputSize][3], and its embedding of unit length. */
export interface SeenFace {
  readonly pixels: Uint8Array;
  readonly unit: Float32Array;
}
/** A face of a picture that was looked at. */
export interface LookedFace {
  readonly id: string;
  /** The picture that shows it. */
  readonly picture: string;
  readonly aligned: boolean;
  readonly located: LocatedFace;
  /** By the key of the run's weights. */
  readonly seen: Map<string, SeenFace>;
}

/** The bytes of a picture's file, and how its faces are found. */
export interface LookRequest {
  readonly bytes: Buffer;
  readonly aligned: boolean;
  /** The points of the one face that is looked at, where they are known. */
  readonly landmarks?: readonly number[] | null;
}
export interface LookTools {
  readonly finder: Pick<EveryFaceFinder, 'findEvery'>;
  readonly embedder: Embedder;
}

/** Faces that were looked at, in memory only; the oldest are forgotten where there are many. */
export function lookedFaces() {
  const faces = new Map<string, LookedFace>();
  return {
    keep(face: Omit<LookedFace, 'id'>): LookedFace {
      const kept = { ...face, id: randomUUID() };
      faces.set(kept.id, kept);
      for (const oldest of [...faces.keys()].slice(0, -mostFaces)) faces.delete(oldest);
      return kept;
    },
    /** Throws 'wrong-input' where the face is no longer there. */
    face(id: string): LookedFace {
      const face = faces.get(id);
      if (!face) throw new ArcBenchError('wrong-input', 'The face is no longer in memory: choose its picture again.');
      return face;
    },
  };
}

/** The width and height of a picture in pixels, turned as EXIF says. Throws 'wrong-input' where it cannot be read. */
export async function pictureSize(bytes: Buffer): Promise<{ readonly width: number; readonly height: number }> {
  const picture = pictureIn(bytes);
  if ('reason' in picture) throw new ArcBenchError('wrong-input', picture.reason);
  const size = await decodeWithinMemory(picture, (file) => sizeOf(file)).catch(() => null);
  if (size === null) throw new ArcBenchError('wrong-input', 'The picture is damaged: choose another one.');
  if ('reason' in size) throw new ArcBenchError('wrong-input', size.reason);
  return size;
}

/** Each face of a picture, located as one run would and seen by it. Throws 'wrong-input' where there is none. */
export async function lookWith(
  run: TrialRun,
  { bytes, aligned, landmarks }: LookRequest,
  { finder, embedder }: LookTools,
): Promise<readonly { readonly located: LocatedFace; readonly seen: SeenFace }[]> {
  const image = { path: '', identity: '', ...(landmarks && { landmarks }) };
  const located = await locateFaces({ image, bytes }, run, { finder, aligned });
  if ('reason' in located) throw new ArcBenchError('wrong-input', located.reason);
  const pixels: Uint8Array[] = [];
  for (const { source } of located) pixels.push(await pixelsOf(run, source, bytes));
  const units = await embedder.embed(run.model, Buffer.concat(pixels));
  const size = units.length / located.length;
  return located.map((each, row) => ({
    located: each,
    seen: { pixels: pixels[row]!, unit: units.slice(row * size, (row + 1) * size) },
  }));
}

/** The pixels of a face as a run sees it. Throws 'wrong-input' where it cannot be cut. */
async function pixelsOf(
  { set, model: { inputSize } }: TrialRun,
  source: LocatedFace['source'],
  bytes: Buffer,
): Promise<Uint8Array> {
  if (source.kind === 'prepared' && set) {
    const packed = openPackedImages(set);
    try {
      const pixels = new Uint8Array(inputSize * inputSize * 3);
      packed.readInto([source.index], pixels);
      return pixels;
    } finally {
      packed.close();
    }
  }
  if (source.kind === 'prepared') throw new ArcBenchError('damaged', 'The prepared faces of the run are gone.');
  const face = await decodeFace(source.image, source.cut, bytes);
  if ('reason' in face) throw new ArcBenchError('wrong-input', face.reason);
  return face.pixels;
}

/** The pixels of a face as a PNG. */
export const facePng = async (pixels: Uint8Array): Promise<Buffer> => {
  const side = Math.sqrt(pixels.length / 3);
  return await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
};
export const dataAddress = (png: Uint8Array): string =>
  `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64')}`;
