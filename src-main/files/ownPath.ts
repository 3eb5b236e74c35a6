import { constants, lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';

/** For `open`: makes or empties a file to write it, and fails where the path is a symbolic link. */
export const writeOwn = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);
/** For `open`: adds to a file, and fails where the path is a symbolic link. */
export const appendOwn = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

/**
 * Why ArcBench may not use a path where it keeps a file or folder of its own; null where it may, or nothing is there. A
 * symbolic link would lead elsewhere, a pipe would wait forever, and what belongs to another user is not ours to write
 * or remove, unless the folder around it is theirs too.
 */
export function foreignReason(path: string, wanted: 'file' | 'folder'): string | null {
  const found = stateOf(path);
  if (!found) return null;
  const kind = kindOf(found);
  if (kind !== wanted) return `${path} is a ${kind}, where ArcBench keeps a ${wanted} of its own`;
  const self = process.getuid?.();
  if (self === undefined || found.uid === self || found.uid === stateOf(dirname(path))?.uid) return null;
  return `${path} belongs to another user (number ${found.uid}), and ArcBench keeps a ${wanted} of its own there`;
}

/** Whether ArcBench may remove what has the name of a file or folder of its own. */
export const isOwn = (path: string): boolean =>
  foreignReason(path, stateOf(path)?.isDirectory() ? 'folder' : 'file') === null;

/** Throws 'wrong-input' where ArcBench may not use a path where it keeps a file or folder of its own. */
export function refuseForeign(path: string, wanted: 'file' | 'folder'): void {
  const reason = foreignReason(path, wanted);
  if (reason !== null)
    throw new ArcBenchError('wrong-input', `${reason}: it was left as it is; move it away, and try again.`);
}

/** What a path itself is; null where nothing is there, or permissions hide it: using it will say so. */
function stateOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function kindOf(found: Stats): string {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  if (found.isSymbolicLink()) return 'symbolic link';
  if (found.isFIFO()) return 'named pipe';
  return found.isSocket() ? 'socket' : 'device';
}
