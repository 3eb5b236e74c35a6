import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { pieces } from './largeFile.ts';
import { foreignReason, refuseForeign, writeOwn } from './ownPath.ts';
import { syncFolderSync } from './syncFolder.ts';
import { temporaryFileOf } from './workspaceFolders.ts';
import { diskError, piecesOf, type Content } from './writeWhole.ts';

/** Writes a file as writeWhole does, for those who cannot wait: a training step, a window that closes. */
export function writeWholeSync(path: string, content: Content): void {
  const temporary = temporaryFileOf(path);
  try {
    writeSyncedSync(temporary, content);
    renameSync(temporary, path);
    syncFolderSync(dirname(path));
  } catch (error) {
    if (foreignReason(temporary, 'file') === null) rmSync(temporary, { force: true });
    throw diskError(error, path);
  }
}

/** Writes a file and syncs it to the disk. */
export function writeSyncedSync(path: string, content: Content): void {
  refuseForeign(path, 'file');
  const file = openSync(path, writeOwn);
  try {
    for (const piece of piecesOf(content)) writeAllSync(file, typeof piece === 'string' ? Buffer.from(piece) : piece);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes all bytes to an open file: the system may take fewer at a time. */
export function writeAllSync(file: number, bytes: Uint8Array): void {
  for (const piece of pieces(bytes))
    for (let written = 0; written < piece.length;) written += writeSync(file, piece, written, piece.length - written);
}
