import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';

/** Writes a file whole or not at all: temporary sibling, fsync, rename, fsync of the folder. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeSynced(temporary, content);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error, path);
  }
}

/**
 * Writes a folder whole or not at all: `fill` gets a temporary sibling, which takes the folder's place; nothing is left
 * where it throws.
 */
export async function writeWholeFolder(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${folder}.writing-${process.pid}`;
  const former = `${folder}.former.writing-${process.pid}`;
  try {
    refuseFixed(folder, `The folder ${folder} cannot be replaced`);
    for (const path of [temporary, former]) await rm(path, { recursive: true, force: true });
    await makeFolder(dirname(folder));
    await mkdir(temporary);
    await fill(temporary);
    await syncFolders(temporary);
    if (existsSync(folder)) await rename(folder, former); // a removal in place can be cut off half-way
    await rename(temporary, folder);
    await syncFolder(dirname(folder));
    await rm(former, { recursive: true, force: true });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw diskError(error, folder);
  }
}

/**
 * Throws 'wrong-input', beginning with `what`, where the permissions of a folder, of one within or of the one around it
 * forbid to remove it: a removal that stops half-way would leave a part.
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

/** Writes a file and sees it onto the disk. */
export async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a folder, and those above it that are not there, with their names on the disk. */
export async function makeFolder(folder: string): Promise<void> {
  // one that is there may have been made by a process that died before its sync
  const first = (await mkdir(folder, { recursive: true })) ?? folder;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Makes the entries of a folder and of all folders in it durable. */
export async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  await syncFolder(folder);
}

/** Makes a folder's entries durable, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  let handle;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Some systems cannot open or sync a folder; the rename itself is whole all the same.
  } finally {
    await handle?.close();
  }
}

/**
 * Turns the system's word for a full disk or a forbidden folder into a sentence; any other error is handed back as it
 * is.
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
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ArcBenchError(
      'wrong-input',
      `${path} cannot be written: the folder must be writable; change its permissions or choose another --workspace.`,
      { cause: error },
    );
  }
  return error;
}
