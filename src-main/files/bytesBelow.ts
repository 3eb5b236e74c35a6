import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes that the removal of a file or folder would free: a file that also lies elsewhere (a hard link) frees nothing.
 * What cannot be read counts as nothing.
 */
export async function bytesBelow(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (!found) return 0;
  if (!found.isDirectory()) return found.nlink > 1 ? 0 : found.size;
  let bytes = 0;
  for (const name of await readdir(path).catch(() => [])) bytes += await bytesBelow(join(path, name));
  return bytes;
}
