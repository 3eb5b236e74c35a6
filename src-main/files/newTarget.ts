import { accessSync, constants, existsSync, lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { writeWholeFolder } from './writeWhole.ts';

const placeCodes: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EEXIST', 'EINVAL', 'EISDIR']);

/**
 * Throws 'wrong-input' if nothing can be written at a path that the user names, because a file is in the way or the
 * folder is not writable. Asked before any work is done.
 */
export function refuseUnwritable(path: string): void {
  let above = dirname(path);
  while (!existsSync(above) && dirname(above) !== above) above = dirname(above);
  if (!statSync(above).isDirectory()) throw unwritable(path, `${above} is a file`);
  if (!existsSync(path) && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    throw unwritable(path, 'a link that leads nowhere is there');
  try {
    accessSync(above, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unwritable(path, `the folder ${above} is not writable`, cause);
  }
}

/** Throws 'wrong-input' if a new folder cannot be made where the user wants it. Asked before any work is done. */
export function refuseTaken(folder: string): void {
  if (existsSync(folder))
    throw new ArcBenchError('wrong-input', `${folder} is there already: name a folder that does not exist yet.`);
  refuseUnwritable(folder);
}

/** Writes the new folder that the user asked for, whole or not at all. Throws 'wrong-input' where it cannot be made. */
export const writeNewFolder = (folder: string, fill: (temporary: string) => Promise<void>): Promise<void> =>
  writingAt(folder, () => writeWholeFolder(folder, fill, { isNew: true }));

/** Writes what the user asked for at a path. Throws 'wrong-input' if the system does not allow it there. */
export async function writingAt<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ArcBenchError && error.code === 'no-space')
      throw new ArcBenchError(
        'no-space',
        `The disk is full while writing ${path}: nothing half-written was kept; free some space or name another place.`,
        { cause: error },
      );
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const place = error instanceof Error && 'path' in error ? String(error.path) : null;
    const isHere = place !== null && (place.startsWith(path) || path.startsWith(place));
    if (isHere && placeCodes.has(code)) throw unwritable(path, `the system allows nothing there (${code})`, error);
    throw error;
  }
}

const unwritable = (path: string, why: string, cause?: unknown): ArcBenchError =>
  new ArcBenchError('wrong-input', `${path} cannot be written, because ${why}: name another place.`, { cause });
