import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it that are missing, and answers with the first that it made, as `mkdirSync` with
 * `recursive` does. Throws the system's error where that would try forever: a system such as Linux's `/proc` says of
 * any new name that the folder above is missing, although it is there.
 */
export function makeFolders(folder: string, mode?: number): string | undefined {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  if (missing.length === 0 && !statSync(folder).isDirectory()) mkdirSync(folder); // throws EEXIST
  const made = missing.reverse().filter((one) => makeOne(one, mode));
  return made[0];
}

/** Whether this made the folder; false where another process was faster. */
function makeOne(folder: string, mode: number | undefined): boolean {
  try {
    mkdirSync(folder, { mode });
    return true;
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (isThere && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}
