import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { storedPaths } from '../files/storedPaths.ts';
import { checkedLines, writeCheckedLines } from '../files/checkedLines.ts';
import { readFault } from '../files/readFault.ts';
import type { PartName } from '../../src-shared/splitSchema.ts';
import type { ExcludedPicture, Rejected } from './dataset.ts';
import { listedLines, listReader } from './listedPictures.ts';

/** One image of a prepared set, in the order of the packed file. */
export interface PreparedImage {
  readonly path: string;
  readonly identity: string;
  /** The part that the source states for it. */
  readonly part?: PartName;
  /** SHA-256 of the source file. */
  readonly contentHash: string;
  /** 16 hexadecimal digits: 64-bit difference hash of the prepared pixels. */
  readonly perceptualHash: string;
  /**
   * The five points by which the face was aligned, given or detected: ten numbers in pixels of the EXIF-turned picture.
   */
  readonly landmarks?: readonly number[];
  /** How many faces the detector found, if it looked. The largest one is used. */
  readonly faces?: number;
}

/** In how many pictures the detector looked for faces, and how many of these showed one, or more than one. */
export interface Detection {
  readonly pictures: number;
  readonly withFace: number;
  readonly withSeveral: number;
}

/** A dataset aligned, cropped and packed for one input size. */
export interface PreparedSet {
  readonly folder: string;
  readonly inputSize: number;
  readonly count: number;
  readonly hash: string;
  readonly images: readonly PreparedImage[];
  readonly rejected: readonly Rejected[];
  readonly alignment: string;
  /** How the source states parts. Absent if it states none. */
  readonly partsGivenBy?: string;
  readonly detection?: Detection;
  /** The pictures that were excluded from the dataset by hand. The files of the set do not name them. */
  readonly excluded?: readonly ExcludedPicture[];
  /** Where each image is in the packed file, where that is not its own index: a view of a larger set. */
  readonly places?: readonly number[];
}

/** The place of an image of a set in its packed file. */
export const packedPlace = ({ places }: Pick<PreparedSet, 'places'>, index: number): number => places?.[index] ?? index;

/** What index.json holds beside its own checksum. */
export interface PreparedIndex {
  readonly version: 1;
  readonly inputSize: number;
  readonly hash: string;
  readonly alignment: string;
  readonly partsGivenBy?: string;
  readonly detection?: Detection;
  readonly packed: { readonly bytes: number; readonly sha256: string };
  readonly images: readonly PreparedImage[];
  readonly rejected: readonly Rejected[];
}

/** Reads packed images by index. */
export interface PackedImages {
  /** Fills the target with RGB uint8 [n][size][size][3], in the order of the indexes. */
  readInto(indexes: readonly number[] | Int32Array, target: Uint8Array): void;
  close(): void;
}

/** The name of the file that lists the images of a prepared set. */
export const indexName = 'index.json';
const packedName = 'images.bin';

/** Opens a prepared set. Checks the checksum of its index and the size of its packed file. Throws 'damaged'. */
export function openPreparedSet(folder: string): PreparedSet {
  const { hash, inputSize, images, rejected, alignment, partsGivenBy, detection } = readPreparedIndex(folder);
  return {
    folder,
    inputSize,
    count: images.length,
    hash,
    images,
    rejected,
    alignment,
    ...(partsGivenBy !== undefined && { partsGivenBy }),
    ...(detection && { detection }),
  };
}

/** Reads the index of a prepared set with the checks of openPreparedSet. Throws 'damaged'. */
export function readPreparedIndex(folder: string): PreparedIndex {
  const indexPath = join(folder, indexName);
  const packedPath = join(folder, packedName);
  let index: PreparedIndex;
  try {
    const workspace = dirname(dirname(resolve(folder)));
    const reader = listReader<PreparedIndex>(storedPaths(workspace).opened);
    for (const lines of checkedLines(indexPath)) reader.read(lines);
    index = reader.whole();
  } catch (error) {
    throw readFault(error, indexPath) ?? damaged(indexPath, 'its checksum is wrong or it is gone', folder, error);
  }
  let bytes = -1;
  try {
    bytes = statSync(packedPath).size;
  } catch (error) {
    throw readFault(error, packedPath) ?? damaged(packedPath, 'it is gone', folder, error);
  }
  if (bytes !== index.packed.bytes)
    throw damaged(packedPath, `it has ${bytes} bytes instead of ${index.packed.bytes}`, folder);
  return index;
}

/**
 * Writes the index of a prepared set: the SHA-256 of what follows, what is true of the whole set, then a line for each
 * image. Paths below the workspace are kept relative to it.
 */
export const writePreparedIndex = (path: string, index: PreparedIndex, workspace: string): Promise<void> =>
  writeCheckedLines(path, listedLines(index, storedPaths(workspace).stored));

/** Checks every byte of the packed file against its SHA-256. Throws 'damaged'. */
export async function verifyPackedImages(folder: string, index: PreparedIndex): Promise<void> {
  const path = join(folder, packedName);
  const digest = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), digest);
  if (digest.digest('hex') !== index.packed.sha256) throw damaged(path, 'its SHA-256 is wrong', folder);
}

/** Opens the packed file of a prepared set for reading. */
export function openPackedImages(set: PreparedSet): PackedImages {
  const path = join(set.folder, packedName);
  const file = openSync(path, 'r');
  const imageBytes = set.inputSize * set.inputSize * 3;
  return {
    readInto(indexes, target) {
      if (target.length < indexes.length * imageBytes)
        throw new RangeError(`target has ${target.length} bytes, ${indexes.length * imageBytes} are needed`);
      const outside = indexes.find((index) => index < 0 || index >= set.count);
      if (outside !== undefined) throw new RangeError(`image ${outside} is outside the ${set.count} of ${path}`);
      const placeAt = (at: number): number => packedPlace(set, indexes[at]!);
      for (let first = 0; first < indexes.length;) {
        let length = 1;
        while (first + length < indexes.length && placeAt(first + length) === placeAt(first) + length) length++;
        const index = placeAt(first);
        const wanted = length * imageBytes;
        for (let read = 0; read < wanted;) {
          const got = readSync(file, target, first * imageBytes + read, wanted - read, index * imageBytes + read);
          if (got === 0) throw damaged(path, 'it ends too early', set.folder);
          read += got;
        }
        first += length;
      }
    },
    close: () => closeSync(file),
  };
}

function damaged(path: string, how: string, folder: string, cause?: unknown): ArcBenchError {
  return new ArcBenchError(
    'damaged',
    `${path} is damaged: ${how}; delete the folder ${folder} and run again to prepare the images again.`,
    { cause },
  );
}
