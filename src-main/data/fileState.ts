import type { Stats } from 'node:fs';

/**
 * By what a change of a file is seen without reading it: its size in bytes, the times at which its content (`modified`)
 * and anything of it (`changed`) changed in milliseconds since 1970, and its number in the file system. A program can
 * set the first time as it likes, but not the second.
 */
export interface FileState {
  readonly bytes: number;
  readonly modified: number;
  readonly changed: number;
  readonly inode: number;
}

/** The state of a file as the system tells it. */
export const fileState = ({ size, mtimeMs, ctimeMs, ino }: Stats): FileState => ({
  bytes: size,
  modified: mtimeMs,
  changed: ctimeMs,
  inode: ino,
});

/** Whether a file is as it was. */
export const isSameState = (one: FileState, other: FileState): boolean =>
  one.bytes === other.bytes &&
  one.modified === other.modified &&
  one.changed === other.changed &&
  one.inode === other.inode;
