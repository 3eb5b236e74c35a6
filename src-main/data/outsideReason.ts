import { statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isBelow } from '../files/isBelow.ts';
import type { Dataset } from './dataset.ts';
import { recordPictureOf } from './records/recordPicture.ts';

/**
 * The folders that the pictures of a dataset may be read from: its source, or for a CSV the folders that the user
 * opened. Null where they may be anywhere, as on the command line, where the import followed links too: a picture that
 * was replaced after it is known by its content.
 */
export function foldersOf(
  { source, layout }: Pick<Dataset, 'source' | 'layout'>,
  opened: readonly string[] | undefined,
): readonly string[] | null {
  if (opened === undefined) return null;
  if (layout === 'csv') return opened;
  return [isFile(source) ? dirname(source) : source];
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // gone or hidden: reading its pictures says so
  }
}

/**
 * Why a picture is not read, where links lead out of the dataset's folders. They may have been put there after the
 * import, so this is asked at each read. A file that is gone is left to the reader.
 */
export async function outsideReason(path: string, folders: readonly string[] | null): Promise<string | null> {
  if (folders === null) return null;
  const file = recordPictureOf(path)?.recordFile ?? path;
  if ((await realpath(file).catch(() => null)) === null || (await isBelow(file, folders))) return null;
  return 'A symbolic link leads out of the source folder: copy the picture into it, and import again.';
}
