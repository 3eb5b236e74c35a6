import { closeSync, fsyncSync, openSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a folder's entries durable, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  let handle;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Some systems cannot open or sync a folder; a rename is whole there too.
  } finally {
    await handle?.close();
  }
}

/** Makes the entries of a folder and of all folders in it durable. */
export async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  await syncFolder(folder);
}

/** Makes a folder's entries durable, for those who cannot wait. Throws where the system refuses. */
export function syncFolderSync(folder: string): void {
  if (process.platform === 'win32') return; // Windows opens no folder
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
