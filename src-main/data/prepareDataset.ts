import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { Dataset, FaceImage, Rejected } from './dataset.ts';
import type { Cut, DecodedFace } from './decodeFace.ts';
import type { FaceFinder } from './faceFinder.ts';
import { startFaceWorkers, type FaceWorkers } from './faceWorkers.ts';
import { openPreparedSet, preparedIndexText, readPreparedIndex, verifyPackedImages, type Detection, type PreparedImage, type PreparedIndex, type PreparedSet } from './preparedSet.ts';
import { journalName, rememberedFaces } from './rememberedFaces.ts';
import { diskError, makeFolder, syncFolder, writeWhole } from './writeWhole.ts';

// Raised whenever the same pictures and settings would give other pixels.
const preparationVersion = 2;
const picturesInFlight = 8;

/** Where prepared sets go, and how the caller hears of progress and stops it. */
export interface PrepareOptions {
  readonly workspace: string;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Aligns, crops and packs a dataset into <workspace>/prepared/<hash>, whole or not at all; a set that is there already is verified and returned.
 * An interrupted preparation starts over. Throws 'wrong-input', 'damaged', 'no-space' or 'cancelled'.
 */
export async function prepareDataset(dataset: Dataset, prepare: Plan['prepare'], options: PrepareOptions): Promise<PreparedSet> {
  const cuts = chooseCuts(dataset, prepare);
  const folder = preparedFolder(options.workspace, dataset, prepare);
  const [root, hash] = [dirname(folder), basename(folder)];
  if (existsSync(folder)) {
    const index = readPreparedIndex(folder);
    if (await sourcesUnchanged(dataset, index)) {
      await verifyPackedImages(folder, index);
      return openPreparedSet(folder);
    }
    await rm(folder, { recursive: true });
  }
  try {
    await makeFolder(root);
    await sweepLeftovers(root, hash);
    const temporary = join(root, `${hash}.part-${process.pid}`);
    try {
      await mkdir(temporary);
      const packed = await pack(dataset, { ...cuts, file: join(temporary, 'images.bin'), journal: join(root, journalName) }, options);
      await writeWhole(join(temporary, 'index.json'), preparedIndexText({ version: 1, inputSize: prepare.inputSize, hash, alignment: cuts.alignment, ...packed }));
      await rename(temporary, folder);
      await syncFolder(root);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    throw diskError(error, folder);
  }
  return openPreparedSet(folder);
}

/** Where the prepared set of a dataset is or will be: the same pictures and settings give the same folder. */
export function preparedFolder(workspace: string, dataset: Pick<Dataset, 'hash'>, prepare: Plan['prepare']): string {
  const hash = createHash('sha256').update(JSON.stringify([preparationVersion, dataset.hash, prepare.inputSize, prepare.alignment, prepare.faceRatio])).digest('hex');
  return join(workspace, 'prepared', hash);
}

interface Cuts {
  readonly cutOf: (image: FaceImage) => Cut;
  readonly alignment: string;
  /** Look for a face where no landmarks are given. */
  readonly detect?: true;
}

function chooseCuts(dataset: Dataset, prepare: Plan['prepare']): Cuts {
  const { inputSize, faceRatio } = prepare;
  const byLandmarks: Cut = { kind: 'landmarks', inputSize };
  const byCentre: Cut = { kind: 'centreCrop', inputSize, faceRatio };
  const total = dataset.images.length;
  const withLandmarks = dataset.images.filter((image) => image.landmarks !== undefined).length;
  const crop = faceRatio === 1 ? 'centre crop' : `centre crop of ${faceRatio} of the shorter side`;
  const transform = 'similarity transform of five landmarks onto the ArcFace template';
  switch (prepare.alignment) {
    case 'detect':
      if (withLandmarks === total) return { cutOf: () => byLandmarks, alignment: transform };
      return { cutOf: () => byLandmarks, detect: true, alignment: `${transform}, found by the detector of @vladmandic/face-api${withLandmarks === 0 ? '' : ` for the ${total - withLandmarks} images that have none`}` };
    case 'centreCrop':
      return { cutOf: () => byCentre, alignment: crop };
    case 'landmarks':
      if (withLandmarks === 0) throw new ArcBenchError('wrong-input', `prepare.alignment: landmarks was asked for, but no image of ${dataset.source} has landmarks; give a CSV with ten landmark columns, or choose alignment: detect or centreCrop.`);
      return { cutOf: () => byLandmarks, alignment: transform };
    case 'auto':
      if (withLandmarks === 0) return { cutOf: () => byCentre, alignment: `${crop} (the dataset has no landmarks)` };
      if (withLandmarks === total) return { cutOf: () => byLandmarks, alignment: transform };
      return {
        cutOf: (image) => (image.landmarks === undefined ? byCentre : byLandmarks),
        alignment: `${transform} for ${withLandmarks} images, ${crop} for the ${total - withLandmarks} without landmarks`,
      };
  }
}

type Prepared = DecodedFace & Pick<PreparedImage, 'landmarks' | 'faces'>;
const noFace = 'No face was found: a photograph that shows eyes, nose and mouth was expected; crop it to the face, give its landmarks in a CSV, or leave it out.';

async function prepareFace(image: FaceImage, { cutOf }: Cuts, { finder, workers }: { readonly finder: FaceFinder | null; readonly workers: FaceWorkers }): Promise<Prepared | { readonly reason: string; readonly faces?: 0 }> {
  const found = finder && image.landmarks === undefined ? await finder.find(image.path) : null;
  if (found && 'reason' in found) return found;
  if (found?.faces === 0) return { reason: noFace, faces: 0 };
  const located = found ? { ...image, landmarks: found.landmarks } : image;
  const cut = cutOf(located);
  const face = await workers.cut(located, cut);
  return 'reason' in face ? face : { ...face, ...(cut.kind === 'landmarks' && located.landmarks && { landmarks: located.landmarks }), ...(found && { faces: found.faces }) };
}

async function pack(dataset: Dataset, cuts: Cuts & { readonly file: string; readonly journal: string }, options: PrepareOptions): Promise<Pick<PreparedIndex, 'packed' | 'sources' | 'images' | 'rejected' | 'detection'>> {
  const images: PreparedImage[] = [];
  const sources: [number, number][] = [];
  const rejected: Rejected[] = [];
  const digest = createHash('sha256');
  let bytes = 0;
  let withoutFace = 0;
  const total = dataset.images.length;
  const finder = cuts.detect ? rememberedFaces(cuts.journal) : null;
  const workers = startFaceWorkers();
  const inFlight: ReturnType<typeof prepareFace>[] = [];
  const start = (index: number): void => {
    const image = dataset.images[index];
    if (image === undefined) return;
    const preparing = prepareFace(image, cuts, { finder, workers });
    preparing.catch(() => undefined); // heard of when its turn comes
    inFlight.push(preparing);
  };
  let file: FileHandle | null = null;
  try {
    file = await open(cuts.file, 'wx');
    for (let ahead = 0; ahead < picturesInFlight; ahead++) start(ahead);
    for (const [index, { path, identity }] of dataset.images.entries()) {
      if (options.signal?.aborted) throw new ArcBenchError('cancelled', `Preparing was stopped after ${index} of ${total} images; nothing half-written was kept, and the next run prepares them from the start${finder ? ', with the faces found so far' : ''}.`);
      const face = await inFlight.shift()!;
      start(index + picturesInFlight);
      if ('reason' in face) {
        rejected.push({ path, reason: face.reason });
        if (face.faces === 0) withoutFace++;
      } else {
        const { pixels, contentHash, perceptualHash, landmarks, faces } = face;
        digest.update(pixels);
        for (let written = 0; written < pixels.length;) written += (await file.write(pixels, written)).bytesWritten;
        bytes += pixels.length;
        images.push({ path, identity, contentHash, perceptualHash, ...(landmarks && { landmarks }), ...(faces !== undefined && { faces }) });
        sources.push([face.bytes, face.modified]);
      }
      options.onProgress?.(index + 1, total);
    }
    await file.sync();
  } finally {
    finder?.close();
    await workers.close();
    await Promise.allSettled(inFlight);
    await file?.close();
  }
  const detection = finder && countFaces(images, withoutFace);
  if (detection && detection.withFace * 2 < detection.pictures) {
    throw new ArcBenchError('wrong-input', `A face was found in ${detection.withFace} of ${detection.pictures} pictures of ${dataset.source} only: photographs that show eyes, nose and mouth were expected; choose prepare.alignment: centreCrop for faces that are cropped already, or give landmarks in a CSV.`);
  }
  if (images.length === 0) {
    throw new ArcBenchError('wrong-input', `None of the ${total} pictures of ${dataset.source} can be used, the first because: ${rejected[0]?.reason ?? 'there is none.'}`);
  }
  return { packed: { bytes, sha256: digest.digest('hex') }, sources, images, rejected, ...(detection && { detection }) };
}

function countFaces(images: readonly PreparedImage[], withoutFace: number): Detection {
  const asked = images.filter((image) => image.faces !== undefined);
  return { pictures: asked.length + withoutFace, withFace: asked.length, withSeveral: asked.filter((image) => (image.faces as number) > 1).length };
}

async function sourcesUnchanged(dataset: Dataset, index: PreparedIndex): Promise<boolean> {
  // A file rejected last time may have been mended since; only then is the work done again.
  if (index.images.length + index.rejected.length !== dataset.images.length) return false;
  const known = new Map(index.images.map((image, at) => [image.path, index.sources[at]!]));
  const rejected = new Set(index.rejected.map(({ path }) => path));
  const batch = 64;
  for (let first = 0; first < dataset.images.length; first += batch) {
    const same = await Promise.all(dataset.images.slice(first, first + batch).map(async ({ path }) => {
      const source = known.get(path);
      if (source === undefined) return rejected.has(path); // pictures elsewhere of the same names and sizes are others
      try {
        const now = await stat(path);
        return now.size === source[0] && now.mtimeMs === source[1];
      } catch {
        return false;
      }
    }));
    if (same.includes(false)) return false;
  }
  return true;
}

async function sweepLeftovers(root: string, hash: string): Promise<void> {
  for (const name of await readdir(root)) {
    const match = /^(?<hash>[0-9a-f]{64})\.part-(?<process>\d+)$/.exec(name);
    if (match?.groups?.['hash'] !== hash) continue;
    const owner = Number(match.groups['process']);
    if (owner === process.pid || !isAlive(owner)) await rm(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
