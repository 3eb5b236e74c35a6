import { open } from 'node:fs/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { FoundImage, Rejected } from './dataset.ts';
import { decodingReason, noPicture, sizeOf, sizeReason } from './pictureFile.ts';
import { pictureFormatOf } from './pictureFormat.ts';
import { readRecordPicture, recordPictureOf, type RecordPicture } from './records/recordPicture.ts';

/**
 * Width and height of an EXIF-turned picture in pixels, from its header. A file whose size or time of change differs
 * has to be read again.
 */
export interface PictureHeader {
  readonly path: string;
  readonly bytes: number;
  readonly modified: number;
  readonly width: number;
  readonly height: number;
}

/** Keeps headers, so that a later import need not read them again. */
export interface HeaderMemory {
  known(path: string): PictureHeader | null;
  keep(headers: readonly PictureHeader[]): void;
}

export interface HeaderOptions {
  readonly headers?: HeaderMemory | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const sideBySide = 128;
const headBytes = 64 * 1024; // holds the header of nearly every JPEG and PNG

/**
 * Reads the header of each picture whose file is new or changed, and sorts out pictures that cannot be used. Damage
 * that only decoding shows is found later, when the pictures are prepared. Throws 'cancelled'.
 */
export async function readHeaders(
  images: readonly FoundImage[],
  { headers, onProgress, signal }: HeaderOptions,
): Promise<{ readonly images: FoundImage[]; readonly rejected: Rejected[] }> {
  const usable: FoundImage[] = [];
  const rejected: Rejected[] = [];
  for (let first = 0; first < images.length; first += sideBySide) {
    if (signal?.aborted)
      throw new ArcBenchError(
        'cancelled',
        `Importing was stopped after ${first} of ${images.length} files: run the same again to go on from there.`,
      );
    const batch = images.slice(first, first + sideBySide);
    const before = batch.map((image) => {
      const known = headers?.known(image.path);
      return known?.bytes === image.bytes && known.modified === image.modified ? known : null;
    });
    const found = await Promise.all(batch.map((image, index) => before[index] ?? readHeader(image, headBytes)));
    const fresh: PictureHeader[] = [];
    for (const [index, image] of batch.entries()) {
      // The header of a TIFF or WebP may be further behind. Such files are read whole, one at a time, to save memory.
      const header = found[index] ?? (await readHeader(image, image.bytes)) ?? { reason: decodingReason(null) };
      if ('reason' in header) {
        rejected.push({ path: image.path, reason: header.reason });
        continue;
      }
      const { path, bytes, modified } = image;
      const { width, height } = header;
      usable.push({ ...image, width, height });
      if (!before[index]) fresh.push({ path, bytes, modified, width, height });
    }
    headers?.keep(fresh);
    onProgress?.(first + batch.length, images.length);
  }
  return { images: usable, rejected };
}

/** A picture's size from the first bytes of its file, or why it cannot be used; null if these bytes are too few. */
async function readHeader(
  image: FoundImage,
  length: number,
): Promise<{ readonly width: number; readonly height: number } | { readonly reason: string } | null> {
  const reason = sizeReason(image.bytes);
  if (reason !== null) return { reason };
  try {
    const inRecords = recordPictureOf(image.path);
    if (inRecords) return await sizeInRecords(inRecords);
    const file = await open(image.path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(length, image.bytes)));
      const head = buffer.subarray(0, bytesRead);
      return pictureFormatOf(head) === undefined ? { reason: noPicture } : await sizeOf({ file: head });
    } finally {
      await file.close();
    }
  } catch (error) {
    return length < image.bytes && !recordPictureOf(image.path) ? null : { reason: decodingReason(error) };
  }
}

async function sizeInRecords(
  picture: RecordPicture,
): Promise<{ readonly width: number; readonly height: number } | { readonly reason: string }> {
  const read = readRecordPicture(picture);
  if ('reason' in read) return read;
  return pictureFormatOf(read.file) === undefined ? { reason: noPicture } : await sizeOf({ file: read.file });
}
