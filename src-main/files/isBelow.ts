import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/** Whether a file or folder exists and, with symbolic links followed, lies in one of the roots or is one of them. */
export async function isBelow(path: string, roots: readonly string[]): Promise<boolean> {
  const real = path.includes('\0') ? null : await realpath(resolve(path)).catch(() => null);
  if (real === null) return false;
  for (const root of roots) {
    const way = relative(await realpath(root).catch(() => root), real);
    if (way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))) return true;
  }
  return false;
}
