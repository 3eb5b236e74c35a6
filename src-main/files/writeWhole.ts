import { accessSync, constants, existsSync, lstatSync, readdirSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { makeFolders } from './makeFolders.ts';
import { foreignReason, refuseForeign, writeOwn } from './ownPath.ts';
import { syncFolder, syncFolders } from './syncFolder.ts';
import { tooManyFiles } from './tooManyFiles.ts';
import { formerFolderOf, temporaryFileOf, temporaryFolderOf } from './workspaceFolders.ts';

/** What a file gets: a text, bytes, or pieces that are written one after the other. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

/** Writes a file whole or not at all: temporary sibling, fsync, rename, fsync of the folder. */
export async function writeWhole(path: string, content: Content): Promise<void> {
  try {
    await replaceFile(path, (temporary) => writeSynced(temporary, content));
  } catch (error) {
    throw diskError(error, path);
  }
}

/**
 * Puts a file in its place whole or not at all. `write` makes the temporary file and syncs it; the temporary file must
 * lie on the same disk, and is a sibling unless another name is given.
 */
export async function replaceFile(
  path: string,
  write: (temporary: string) => Promise<void>,
  temporary = temporaryFileOf(path),
): Promise<void> {
  try {
    await write(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    if (foreignReason(temporary, 'file') === null) await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes a folder whole or not at all. `fill` gets a temporary sibling, which then takes the folder's place; nothing is
 * left where it throws. A folder that `isNew` takes the place of nothing but an empty folder: what others put there
 * meanwhile stays, and 'wrong-input' is thrown.
 */
export async function writeWholeFolder(
  folder: string,
  fill: (temporary: string) => Promise<void>,
  { isNew = false } = {},
): Promise<void> {
  const temporary = temporaryFolderOf(folder);
  const former = formerFolderOf(folder);
  try {
    refuseFixed(folder, `The folder ${folder} cannot be replaced`);
    for (const path of [temporary, former]) refuseForeign(path, 'folder');
    for (const path of [temporary, former]) await rm(path, { recursive: true, force: true });
    await makeFolder(dirname(folder));
    await mkdir(temporary);
    await fill(temporary);
    await syncFolders(temporary);
    // The old folder is moved away before it is removed: a removal in place can be cut off half-way.
    if (!isNew && existsSync(folder)) await rename(folder, former);
    await (isNew ? takeFreePlace(temporary, folder) : rename(temporary, folder));
    await syncFolder(dirname(folder));
    await rm(former, { recursive: true, force: true });
  } catch (error) {
    if (foreignReason(temporary, 'folder') === null) await rm(temporary, { recursive: true, force: true });
    throw diskError(error, folder);
  }
}

/** Renames a folder to a path where nothing is, or an empty folder. Throws 'wrong-input' where something is. */
async function takeFreePlace(temporary: string, folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined); // of an empty folder only; what else is there stops the rename
  try {
    await rename(temporary, folder);
  } catch (cause) {
    if (!lstatSync(folder, { throwIfNoEntry: false })) throw cause;
    throw new ArcBenchError(
      'wrong-input',
      `${folder} was left as it is, and nothing was written: what is there cannot be replaced; name another place.`,
      { cause },
    );
  }
}

/**
 * Throws 'wrong-input' where permissions forbid to remove a folder; the sentence begins with `what`. The folder, those
 * within it and the one around it are looked at first, because a removal that stops half-way would leave a part.
 */
export function refuseFixed(folder: string, what: string): void {
  if (!existsSync(folder)) return;
  const within = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of [dirname(folder), folder, ...within]) {
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
    } catch {
      throw new ArcBenchError(
        'wrong-input',
        `${what}: ${path} must be writable; change its permissions, and try again.`,
      );
    }
  }
}

/** Writes a file and syncs it to the disk. */
export async function writeSynced(path: string, content: Content): Promise<void> {
  refuseForeign(path, 'file'); // before the system would wait for the reader of a pipe
  const file = await open(path, writeOwn);
  try {
    for (const piece of piecesOf(content)) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The pieces of a file's content. */
export const piecesOf = (content: Content): Iterable<string | Uint8Array> =>
  typeof content === 'string' || content instanceof Uint8Array ? [content] : content;

/** Makes a folder, and those above it that are missing, and syncs their names to the disk. */
export async function makeFolder(folder: string): Promise<void> {
  // A folder that is there may have been made by a process that died before its sync.
  const first = makeFolders(folder) ?? folder;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/**
 * Turns the system's error for a full disk, a forbidden folder, a failing disk, a name that is too long or too many
 * open files into a sentence; returns any other error as it is.
 */
export function diskError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ArcBenchError(
      'no-space',
      `The disk is full while writing ${path}: nothing half-written was kept; free some space or choose ` +
        'another --workspace, and run again.',
      { cause: error },
    );
  }
  if (code === 'EACCES' && error instanceof Error && 'syscall' in error && error.syscall === 'scandir')
    return new ArcBenchError(
      'wrong-input',
      `The folder ${path} cannot be read: change its permissions, or choose another one.`,
      { cause: error },
    );
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ArcBenchError(
      'wrong-input',
      `${path} cannot be written: the folder must be writable; change its permissions or choose another --workspace.`,
      { cause: error },
    );
  }
  if (code === 'ENAMETOOLONG')
    return new ArcBenchError(
      'wrong-input',
      `${path} is too long a path for this system: choose a --workspace with a shorter path.`,
      { cause: error },
    );
  if (code === 'EIO')
    return new ArcBenchError(
      'failed',
      `The disk reported an error (EIO) at ${path}: see whether it is still connected and healthy, then try again.`,
      { cause: error },
    );
  return tooManyFiles(error) ?? error;
}
