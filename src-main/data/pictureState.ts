import { closeSync, fstatSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { findRecord, readBytes } from './records/recordFrames.ts';
import { recordHeader, recordHeaderBytes } from './records/recordHeader.ts';
import { recordPictureOf, type RecordPicture } from './records/recordPicture.ts';

/** Size in bytes and time of change in milliseconds of a picture's file, or of a picture inside a record file. */
export interface PictureState {
  readonly bytes: number;
  readonly modified: number;
}

/** By which a change of a picture is seen; null where it is gone. */
export async function pictureState(path: string): Promise<PictureState | null> {
  const inRecords = recordPictureOf(path);
  if (inRecords) return recordState(inRecords);
  return await stat(path).then(
    ({ size, mtimeMs }) => ({ bytes: size, modified: mtimeMs }),
    () => null,
  );
}

function recordState({ recordFile, offset }: RecordPicture): PictureState | null {
  let file: number;
  try {
    file = openSync(recordFile, 'r');
  } catch {
    return null;
  }
  try {
    const { size, mtimeMs } = fstatSync(file);
    const place = findRecord({ file, size }, offset);
    if ('reason' in place) return null;
    const [first] = place.parts;
    const header = first && recordHeader(readBytes(file, first.at, Math.min(first.length, recordHeaderBytes + 4)));
    return header ? { bytes: Math.max(0, place.length - header.pictureAt), modified: mtimeMs } : null;
  } finally {
    closeSync(file);
  }
}
