import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { throwIfTooMany } from '../files/tooManyFiles.ts';
import { readRecordPicture, recordPictureOf } from './records/recordPicture.ts';

const chunkBytes = 2 ** 18; // several files are read at a time

/**
 * SHA-256, in hexadecimal, of a picture's file, or of a picture in a record file; null if it cannot be read. Throws
 * 'failed' where no more files can be opened.
 */
export async function hashPicture(path: string): Promise<string | null> {
  try {
    const inRecords = recordPictureOf(path);
    if (inRecords) {
      const read = readRecordPicture(inRecords);
      return 'reason' in read ? null : hash('sha256', read.file);
    }
    const digest = createHash('sha256');
    await pipeline(createReadStream(path, { highWaterMark: chunkBytes }), digest);
    return digest.digest('hex');
  } catch (error) {
    throwIfTooMany(error);
    return null;
  }
}
