import { readFileSync, statSync } from 'node:fs';
import { workspaceFolders } from '../files/workspaceFolders.ts';

/**
 * Names the process that holds a workspace's database or one of the files beside it, as far as the system says: Linux
 * lists who has locked what.
 */
export function databaseHolder(workspace: string): string {
  const { database } = workspaceFolders(workspace);
  const process = lockHolder([database, `${database}-shm`, `${database}-wal`]);
  return process === null ? 'another program' : nameOf(process);
}

/** The process that has locked one of the files; null where the system does not say. */
function lockHolder(paths: readonly string[]): number | null {
  const inodes = new Set(paths.flatMap(inodeOf));
  // 1: POSIX  ADVISORY  WRITE 4242 fe:01:131073 120 120
  const locks = textOf('/proc/locks').split('\n');
  for (const lock of locks) {
    const [, , , kind, owner, file = ''] = lock.split(' ').filter((word) => word !== '');
    const inode = file.split(':').at(-1);
    if (kind === 'WRITE' && inode !== undefined && inodes.has(inode) && Number(owner) > 0) return Number(owner);
  }
  return null;
}

function inodeOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? [String(found.ino)] : [];
}

function nameOf(processId: number): string {
  const command = textOf(`/proc/${processId}/comm`).trim();
  return command === '' ? `process ${processId}` : `process ${processId} (${command})`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // this system has no such file, or the process has ended
  }
}
