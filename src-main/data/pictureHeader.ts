import { createHash, hash } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { FoundImage, FoundImages, ReadImage, Rejected } from './dataset.ts';
import { isSameState, type FileState } from './fileState.ts';
import { decodingReason, sizeOf, sizeReason } from './pictureFile.ts';
import { pictureFormatOf, unreadableContent } from './pictureFormat.ts';
import { readRecordPicture, recordPictureOf } from './records/recordPicture.ts';

/** What is read of a picture: width and height in pixels of the EXIF-turned picture, and the SHA-256 of its file. */
export interface PictureFacts {
  readonly width: number;
  readonly height: number;
  readonly contentHash: string;
}

/** What was read of a picture while its file was in this state. A file in another state has to be read again. */
export interface PictureHeader extends FileState, PictureFacts {
  readonly path: string;
}

/** Keeps what was read, so that a later import need not read the files again. */
export interface HeaderMemory {
  known(path: string): PictureHeader | null;
  keep(headers: readonly PictureHeader[]): void;
}

export interface HeaderOptions {
  readonly headers?: HeaderMemory | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const sideBySide = 64;
const keptAtATime = 8192;
const keptAfter = 1000; // milliseconds
const headBytes = 64 * 1024; // holds the header of nearly every JPEG and PNG, and the whole of a small picture
const chunkBytes = 256 * 1024;
// A file that changed just now may change again without another time of change: it is read again next time.
const settledAfter = 100; // milliseconds

/**
 * Reads each picture whose file is new or changed: its size in pixels and its SHA-256. Sorts out pictures that cannot
 * be used. Damage that only decoding shows is found later, when the pictures are prepared. Throws 'cancelled'.
 */
export async function readHeaders(
  images: FoundImages,
  { headers, onProgress, signal }: HeaderOptions,
): Promise<{ readonly images: ReadImage[]; readonly rejected: Rejected[] }> {
  const usable: ReadImage[] = [];
  const rejected: Rejected[] = [];
  const fresh = headerKeeper(headers);
  let done = 0;
  for (const batch of batchesOf(images)) {
    if (signal?.aborted) {
      fresh.keep();
      throw new ArcBenchError(
        'cancelled',
        `Importing was stopped after ${done} of ${images.length} files: run the same again to go on from there.`,
      );
    }
    const before = batch.map((image) => {
      const known = headers?.known(image.path);
      return known && isSameState(known, image) ? known : null;
    });
    const found = await Promise.all(batch.map((image, index) => before[index] ?? readFacts(image)));
    for (const [index, image] of batch.entries()) {
      // The header of a TIFF or WebP may be further behind. Such files are read whole, one at a time, to save memory.
      const facts = found[index] ?? (await readWhole(image));
      if ('reason' in facts) {
        rejected.push({ path: image.path, reason: facts.reason });
        continue;
      }
      usable.push(readImage(image, facts));
      if (!before[index] && Date.now() - image.changed > settledAfter) fresh.add(headerOf(image, facts));
    }
    fresh.keepAtTimes();
    done += batch.length;
    onProgress?.(done, images.length);
  }
  fresh.keep();
  return { images: usable, rejected };
}

/** Keeps headers many at a time, because each time waits for the disk; a kill loses what was read for a second. */
function headerKeeper(headers: HeaderMemory | undefined) {
  let waiting: PictureHeader[] = [];
  let last = performance.now();
  const keep = () => {
    headers?.keep(waiting);
    waiting = [];
    last = performance.now();
  };
  return {
    add: (header: PictureHeader) => void waiting.push(header),
    keep,
    keepAtTimes: () => {
      if (waiting.length >= keptAtATime || performance.now() - last > keptAfter) keep();
    },
  };
}

function* batchesOf(images: FoundImages): Generator<readonly FoundImage[]> {
  let batch: FoundImage[] = [];
  for (const image of images) {
    batch.push(image);
    if (batch.length < sideBySide) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A picture that was read, without the state of its file: only this import needs it, and a million take much. */
const readImage = (
  { path, identity, landmarks, region, part, attributes }: FoundImage,
  { width, height, contentHash }: PictureFacts,
): ReadImage => ({
  path,
  identity,
  width,
  height,
  contentHash,
  ...(landmarks !== undefined && { landmarks }),
  ...(region !== undefined && { region }),
  ...(part !== undefined && { part }),
  ...(attributes !== undefined && { attributes }),
});

const headerOf = (
  { path, bytes, modified, changed, inode }: FoundImage,
  { width, height, contentHash }: PictureFacts,
): PictureHeader => ({ path, bytes, modified, changed, inode, width, height, contentHash });

type Read = PictureFacts | { readonly reason: string };

/** Reads a picture chunk by chunk; null if its header is not in the first bytes. */
async function readFacts(image: FoundImage): Promise<Read | null> {
  const reason = sizeReason(image.bytes);
  if (reason !== null) return { reason };
  try {
    const inRecords = recordPictureOf(image.path);
    if (inRecords) {
      const read = readRecordPicture(inRecords);
      return 'reason' in read ? read : await factsOf(read.file);
    }
    const file = await open(image.path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(headBytes, image.bytes)), 0, null, 0);
      const head = buffer.subarray(0, bytesRead);
      if (pictureFormatOf(head) === undefined) return { reason: unreadableContent(head) };
      const size = await sizeOf({ file: head });
      return 'reason' in size ? size : { ...size, contentHash: await hashFrom(file, head) };
    } finally {
      await file.close();
    }
  } catch (error) {
    return headBytes < image.bytes && !recordPictureOf(image.path) ? null : { reason: decodingReason(error) };
  }
}

/** SHA-256 of a file whose first bytes are there already. */
async function hashFrom(file: FileHandle, head: Buffer): Promise<string> {
  if (head.length < headBytes) return hash('sha256', head);
  const digest = createHash('sha256').update(head);
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = head.length, read = 1; read > 0; at += read) {
    read = (await file.read(chunk, 0, chunkBytes, at)).bytesRead;
    digest.update(chunk.subarray(0, read));
  }
  return digest.digest('hex');
}

async function readWhole({ path }: FoundImage): Promise<Read> {
  try {
    return await factsOf(await readFile(path));
  } catch (error) {
    return { reason: decodingReason(error) };
  }
}

async function factsOf(file: Buffer): Promise<Read> {
  if (pictureFormatOf(file) === undefined) return { reason: unreadableContent(file) };
  const size = await sizeOf({ file });
  return 'reason' in size ? size : { ...size, contentHash: hash('sha256', file) };
}
