import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from './recordFrames.ts';
import { recordHeader } from './recordHeader.ts';

/**
 * The path of a picture inside a record file: the file, then the record's key and its place in bytes, such as
 * `train.rec/0000000017@48.jpg`. It says where the picture is without the index. It is a path below the source like any
 * other, and no file can have it, because the record file is no folder.
 */
export const recordPicturePath = (
  recordFile: string,
  { key, offset }: { readonly key: number; readonly offset: number },
): string => join(recordFile, `${String(key).padStart(keyDigits, '0')}@${offset}.jpg`);

const keyDigits = 10; // so that paths sort as keys do
const pattern = /^(.+\.rec)[\\/](\d{1,10})@(\d{1,16})\.jpg$/is;

export interface RecordPicture {
  readonly recordFile: string;
  readonly key: number;
  readonly offset: number;
}

/** Where the picture of a path lies in a record file; null for the path of a file of its own. */
export function recordPictureOf(path: string): RecordPicture | null {
  const [, recordFile, key, offset] = pattern.exec(path) ?? [];
  return recordFile === undefined || isFolder(recordFile)
    ? null
    : { recordFile, key: Number(key), offset: Number(offset) };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * The picture of a record; one that cannot be read gives the reason in one
 * sentence. Throws the system's error where the record file cannot be opened.
 */
export function readRecordPicture({
  recordFile,
  offset,
}: RecordPicture): { readonly file: Buffer } | { readonly reason: string } {
  const file = openSync(recordFile, 'r');
  try {
    const { size } = fstatSync(file);
    const payload = readRecord({ file, size }, offset);
    if ('reason' in payload) return payload;
    const header = recordHeader(payload);
    if (!header || header.pictureAt >= payload.length)
      return { reason: `The record at byte ${offset} holds no picture: leave it out.` };
    return { file: payload.subarray(header.pictureAt) };
  } finally {
    closeSync(file);
  }
}
