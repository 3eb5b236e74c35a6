import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { Dataset, FaceImage, Rejected } from './dataset.ts';
import type { Cut } from './decodeFace.ts';
import { startFaceWorkers, type CutFace, type CutTask, type FaceWorkers } from './faceWorkers.ts';
import {
  indexName,
  openPreparedSet,
  readPreparedIndex,
  verifyPackedImages,
  writePreparedIndex,
  type Detection,
  type PreparedImage,
  type PreparedIndex,
  type PreparedSet,
} from './preparedSet.ts';
import { hashPicture } from './hashPicture.ts';
import { foldersOf, outsideReason } from './outsideReason.ts';
import { journalName, rememberedFaces, type FaceMemory } from './rememberedFaces.ts';
import {
  finishSet,
  openUnfinishedSet,
  readUnfinishedSet,
  removeUnfinishedSet,
  type PreparedBatch,
  type PreparedRow,
  type UnfinishedSet,
} from './unfinishedSet.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { diskError } from '../files/writeWhole.ts';

// Raise this whenever the same pictures and settings would give other pixels.
const preparationVersion = 4;
const picturesInBatch = 16;
const picturesInDetectedBatch = 4; // the detector takes a tenth of a second for each

export interface PrepareOptions {
  readonly workspace: string;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Gets a sentence if an interrupted preparation goes on, which says where. */
  readonly onResume?: ((sentence: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The folders that the user opened, where pictures of a CSV must be. */ readonly roots?:
    readonly string[] | undefined;
}

const underWay = new Map<string, Promise<unknown>>(); // by folder, because two jobs may want the same set

/**
 * Aligns, crops and packs a dataset into <workspace>/prepared/<hash>, whole or not at all. A set that exists is
 * verified and returned. A preparation that was interrupted goes on where it stopped, and ends with the same bits.
 * Throws 'wrong-input', 'damaged', 'no-space' or 'cancelled'.
 */
export async function prepareDataset(
  dataset: Dataset,
  prepare: Plan['prepare'],
  options: PrepareOptions,
): Promise<PreparedSet> {
  const cuts = chooseCuts(dataset, prepare);
  const folder = preparedFolder(options.workspace, dataset, prepare);
  while (underWay.has(folder)) await underWay.get(folder)?.catch(() => undefined);
  const preparing = prepareInto(folder, dataset, { ...cuts, inputSize: prepare.inputSize }, options).finally(() =>
    underWay.delete(folder),
  );
  underWay.set(folder, preparing);
  return await preparing;
}

async function prepareInto(
  folder: string,
  dataset: Dataset,
  cuts: Cuts & { readonly inputSize: number },
  options: PrepareOptions,
): Promise<PreparedSet> {
  if (existsSync(folder)) {
    await removeUnfinishedSet(folder);
    const index = readPreparedIndex(folder);
    const known = knownSet(dataset, index);
    if (known) {
      await verifyPackedImages(folder, index);
      if (known !== index) await writePreparedIndex(join(folder, indexName), known, options.workspace);
      return openPreparedSet(folder);
    }
    await rm(folder, { recursive: true });
  }
  try {
    const kept = await keptBatches(folder, dataset);
    const set = await openUnfinishedSet(folder, kept);
    const rowsKept = kept.reduce((sum, batch) => sum + batch.rows.length, 0);
    if (rowsKept > 0)
      options.onResume?.(`Goes on at ${counted(rowsKept)} of ${counted(dataset.images.length)} images.`);
    const packed = await pack(
      dataset,
      { ...cuts, set, kept, journal: join(dirname(folder), journalName) },
      options,
    ).finally(() => set.close());
    const { inputSize, alignment } = cuts;
    const { partsGivenBy } = dataset;
    const described = { inputSize, alignment, ...(partsGivenBy !== undefined && { partsGivenBy }) };
    await finishSet(folder, (path) =>
      writePreparedIndex(path, { version: 1, hash: basename(folder), ...described, ...packed }, options.workspace),
    );
  } catch (error) {
    // A preparation that was stopped, or that ran out of memory, may go on later. Any other keeps nothing.
    if (!(error instanceof ArcBenchError && (error.code === 'cancelled' || error.code === 'failed')))
      await removeUnfinishedSet(folder);
    throw diskError(error, folder);
  }
  return openPreparedSet(folder);
}

/** Where the prepared set of a dataset is or will be. The same pictures and settings give the same folder. */
export function preparedFolder(workspace: string, dataset: Pick<Dataset, 'hash'>, prepare: Plan['prepare']): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([preparationVersion, dataset.hash, prepare.inputSize, prepare.alignment, prepare.faceRatio]))
    .digest('hex');
  return workspaceFolders(workspace).preparedSet(hash);
}

/** How the faces of a dataset would be aligned, in words. Throws 'wrong-input' where they cannot be. */
export const alignmentInWords = (dataset: Dataset, prepare: Plan['prepare']): string =>
  chooseCuts(dataset, prepare).alignment;

interface Cuts {
  readonly cutOf: (image: FaceImage) => Cut;
  readonly alignment: string;
  /** Whether to look for a face in a picture without landmarks. */
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
      return { cutOf: () => byLandmarks, detect: true, alignment: `${transform}, ${detected(total, withLandmarks)}` };
    case 'centreCrop':
      return { cutOf: () => byCentre, alignment: crop };
    case 'whole':
      return { cutOf: () => ({ kind: 'whole', inputSize }), alignment: 'the whole picture, stretched to a square' };
    case 'landmarks':
      if (withLandmarks === 0)
        throw new ArcBenchError(
          'wrong-input',
          `prepare.alignment is landmarks, but no image of ${dataset.source} has landmarks: give a CSV with ten ` +
            'landmark columns, or choose detect or centreCrop.',
        );
      return { cutOf: () => byLandmarks, alignment: transform };
    case 'auto':
      if (withLandmarks === 0) return { cutOf: () => byCentre, alignment: `${crop} (the dataset has no landmarks)` };
      if (withLandmarks === total) return { cutOf: () => byLandmarks, alignment: transform };
      return {
        cutOf: (image) => (image.landmarks === undefined ? byCentre : byLandmarks),
        alignment:
          `${transform} for ${withLandmarks} images, ` + `${crop} for the ${total - withLandmarks} without landmarks`,
      };
  }
}

const detected = (total: number, withLandmarks: number): string => {
  const ofSome = withLandmarks === 0 ? '' : ` for the ${total - withLandmarks} images that have none`;
  return `found by the detector of @vladmandic/face-api${ofSome}`;
};

const noFace =
  'No face was found in the picture: use a photograph that shows eyes, nose and mouth, give its landmarks in a CSV, ' +
  'or leave it out.';

interface Workshop {
  readonly folders: readonly string[] | null;
  readonly finder: FaceMemory | null;
  readonly workers: FaceWorkers;
}
/** A picture with the landmarks that it has or that were found, or why it cannot be cut. */
type Located =
  | { readonly image: FaceImage; readonly faces?: number }
  | { readonly reason: string; readonly faces?: 0; readonly isOutside?: true };

/** Finds the faces of some pictures if asked to, and cuts them. The rows are in the order of the pictures. */
async function prepareBatch(
  images: readonly FaceImage[],
  { cutOf }: Cuts,
  { finder, workers, folders }: Workshop,
): Promise<PreparedBatch & { readonly pixels: Uint8Array }> {
  const located = await Promise.all(images.map((image) => locate(image, { finder, folders })));
  const tasks = located.flatMap((entry) => ('image' in entry ? [{ image: entry.image, cut: cutOf(entry.image) }] : []));
  const { faces: cut, pixels, sha256 } = await workers.cut(tasks);
  let next = 0;
  const rows = located.map((entry): PreparedRow => {
    if (!('image' in entry)) return entry;
    const task = tasks[next] as CutTask;
    const face = cut[next++] as CutFace;
    return 'reason' in face ? face : rowOf(face, task, entry.faces);
  });
  await Promise.all(images.map((image, index) => refuseChanged(image, rows[index] as PreparedRow)));
  return { rows, bytes: pixels.length, sha256, pixels };
}

/**
 * Throws 'wrong-input' if a picture is no longer the one that was imported: its dataset would stand for another one.
 */
async function refuseChanged({ path, contentHash }: FaceImage, row: PreparedRow): Promise<void> {
  if (contentHash === undefined || ('reason' in row && row.isOutside)) return;
  const now = 'face' in row ? row.face.contentHash : await hashPicture(path);
  if (now === contentHash) return;
  throw new ArcBenchError(
    'wrong-input',
    `${path} ${now === null ? 'is gone or cannot be read any more' : 'has changed'} since it was imported: leave the ` +
      'pictures as they are while they are prepared, and run the same again.',
  );
}

async function locate(image: FaceImage, { finder, folders }: Omit<Workshop, 'workers'>): Promise<Located> {
  const reason = await outsideReason(image.path, folders);
  if (reason !== null) return { reason, isOutside: true };
  if (finder === null || image.landmarks !== undefined) return { image };
  const found = await finder.find(image);
  if ('reason' in found) return found;
  if (found.faces === 0) return { reason: noFace, faces: 0 };
  return { image: { ...image, landmarks: found.landmarks }, faces: found.faces };
}

function rowOf(face: Exclude<CutFace, { reason: string }>, { image, cut }: CutTask, faces?: number): PreparedRow {
  const { contentHash, perceptualHash } = face;
  return {
    face: {
      contentHash: image.contentHash === contentHash ? image.contentHash : contentHash, // one string for both lists
      perceptualHash,
      ...(cut.kind === 'landmarks' && image.landmarks && { landmarks: image.landmarks }),
      ...(faces !== undefined && { faces }),
    },
  };
}

interface PackCuts extends Cuts {
  readonly set: UnfinishedSet;
  readonly kept: readonly PreparedBatch[];
  readonly journal: string;
}

/** Prepares the pictures that the kept batches lack, adds them to the set, and gives the contents of its index. */
async function pack(
  dataset: Dataset,
  cuts: PackCuts,
  options: PrepareOptions,
): Promise<Pick<PreparedIndex, 'packed' | 'images' | 'rejected' | 'detection'>> {
  const rows = cuts.kept.flatMap((batch) => batch.rows);
  await prepareRest(dataset, cuts, { ...options, rows });
  const { images, rejected } = sorted(dataset, rows);
  const withoutFace = rows.filter((row) => 'reason' in row && row.faces === 0).length;
  const detection = cuts.detect ? countFaces(images, withoutFace) : null;
  refuseUnusable(dataset, { images, rejected, detection });
  return { packed: await cuts.set.sync(), images, rejected, ...(detection && { detection }) };
}

/** Prepares batch by batch, in the order of the dataset, and adds each batch to the set and to `rows`. */
async function prepareRest(
  dataset: Dataset,
  cuts: PackCuts,
  { rows, signal, onProgress, roots }: PrepareOptions & { readonly rows: PreparedRow[] },
): Promise<void> {
  const total = dataset.images.length;
  const folders = foldersOf(dataset, roots);
  const finder = cuts.detect ? rememberedFaces(cuts.journal) : null;
  const workers = startFaceWorkers();
  const batchSize = finder ? picturesInDetectedBatch : picturesInBatch;
  const inFlight: ReturnType<typeof prepareBatch>[] = [];
  let started = rows.length;
  const start = (): void => {
    if (started >= total) return;
    const preparing = prepareBatch(dataset.images.slice(started, started + batchSize), cuts, {
      finder,
      workers,
      folders,
    });
    started += batchSize;
    preparing.catch(() => undefined); // the loop below gets the error when the turn of this batch comes
    inFlight.push(preparing);
  };
  try {
    for (let ahead = 0; ahead < 2 * workers.threads; ahead++) start();
    for (let next = inFlight.shift(); next; next = inFlight.shift()) {
      if (signal?.aborted)
        throw new ArcBenchError(
          'cancelled',
          `Preparing was stopped after ${counted(rows.length)} of ${counted(total)} images, which are kept: ` +
            'run the same again to go on from there.',
        );
      const { pixels, ...batch } = await next;
      start();
      await cuts.set.add(batch, pixels);
      rows.push(...batch.rows);
      onProgress?.(rows.length, total);
    }
  } finally {
    finder?.close();
    await workers.close();
    await Promise.allSettled(inFlight);
  }
}

/** The rows of a dataset as images and as pictures that were left out. */
function sorted(
  dataset: Dataset,
  rows: readonly PreparedRow[],
): { readonly images: PreparedImage[]; readonly rejected: Rejected[] } {
  const images: PreparedImage[] = [];
  const rejected: Rejected[] = [];
  for (const [index, row] of rows.entries()) {
    const { path, identity, part } = dataset.images[index] as FaceImage;
    if ('reason' in row) {
      rejected.push({ path, reason: row.reason });
      continue;
    }
    images.push({ path, identity, ...(part !== undefined && { part }), ...row.face });
  }
  return { images, rejected };
}

/** Throws 'wrong-input' if no picture can be used, or if most pictures show no face. */
function refuseUnusable(
  dataset: Dataset,
  { images, rejected, detection }: Pick<PreparedSet, 'images' | 'rejected'> & { readonly detection: Detection | null },
): void {
  if (detection && detection.withFace * 2 < detection.pictures)
    throw new ArcBenchError(
      'wrong-input',
      `Only ${detection.withFace} of ${detection.pictures} pictures of ${dataset.source} show a face: choose ` +
        'prepare.alignment: centreCrop if the faces are cropped already, or give landmarks in a CSV.',
    );
  if (images.length === 0)
    throw new ArcBenchError(
      'wrong-input',
      `None of the ${dataset.images.length} pictures of ${dataset.source} can be used, the first because: ` +
        `${rejected[0]?.reason ?? 'there are no pictures.'}`,
    );
}

const counted = (count: number) => count.toLocaleString('en');

/**
 * The batches of an unfinished preparation that can be kept: from the first one on, as long as they are complete and
 * hold the pictures of the dataset.
 */
async function keptBatches(folder: string, dataset: Dataset): Promise<readonly PreparedBatch[]> {
  const { batches } = await readUnfinishedSet(folder);
  const kept: PreparedBatch[] = [];
  let first = 0;
  for (const batch of batches) {
    if (!batch.rows.every((row, index) => isRowOf(dataset.images[first + index], row))) break;
    first += batch.rows.length;
    kept.push(batch);
  }
  return kept;
}

const isRowOf = (image: FaceImage | undefined, row: PreparedRow): boolean =>
  image !== undefined && (!('face' in row) || row.face.contentHash === image.contentHash);

function countFaces(images: readonly PreparedImage[], withoutFace: number): Detection {
  const asked = images.filter((image) => image.faces !== undefined);
  return {
    pictures: asked.length + withoutFace,
    withFace: asked.length,
    withSeveral: asked.filter((image) => (image.faces as number) > 1).length,
  };
}

/**
 * The index of a set that is there, if it holds the pictures of the dataset. The same pictures may lie elsewhere by
 * now, or have other names: their paths are then those of the dataset.
 */
function knownSet(dataset: Dataset, index: PreparedIndex): PreparedIndex | null {
  if (index.images.length + index.rejected.length !== dataset.images.length) return null;
  const images: PreparedImage[] = [];
  const rejected: Rejected[] = [];
  for (const { path, identity, contentHash } of dataset.images) {
    const image = index.images[images.length];
    const left = index.rejected[rejected.length];
    if (image?.contentHash === contentHash && image?.identity === identity) images.push({ ...image, path });
    else if (left) rejected.push({ ...left, path });
    else return null;
  }
  const isThere = (now: readonly { readonly path: string }[], before: readonly { readonly path: string }[]) =>
    now.every(({ path }, at) => path === before[at]?.path);
  return isThere(images, index.images) && isThere(rejected, index.rejected) ? index : { ...index, images, rejected };
}
