import Database from 'better-sqlite3';
import { readFileSync, writeFileSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { explainStoreFault } from './storeFault.ts';

// The locks of this process. They are kept here because a database that nobody refers to is closed, and its lock lost.
const held = new Map<string, Database.Database>();

/**
 * Makes this process the only writer of a workspace and returns a function that releases it. Throws 'busy' with the id
 * of the process that has it. The lock is SQLite's own, on a file beside the database: the system gives it to one
 * process, and takes it back however that process ends.
 */
export function lockWorkspace(workspace: string): () => void {
  const { writerLock: path, writerId: ownerPath } = workspaceFolders(workspace);
  if (held.has(path))
    throw new ArcBenchError('busy', `The workspace ${workspace} is open in this process already: close it first.`);
  let lock: Database.Database | null = null;
  try {
    lock = new Database(path, { timeout: 0 });
    lock.exec('BEGIN IMMEDIATE');
    writeFileSync(ownerPath, String(process.pid));
  } catch (cause) {
    lock?.close();
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY')) {
      throw new ArcBenchError(
        'busy',
        `The workspace ${workspace} is in use by ${ownerName(ownerPath)}: wait until it ends, or choose ` +
          'another workspace with --workspace.',
        { cause },
      );
    }
    const explained = explainStoreFault(cause, workspace);
    if (explained instanceof ArcBenchError && explained.code === 'no-space') throw explained;
    throw new ArcBenchError(
      'wrong-input',
      `The workspace ${workspace} cannot be written: make it writable or choose another with --workspace.`,
      { cause },
    );
  }
  const owned = lock;
  held.set(path, owned);
  return () => {
    held.delete(path);
    owned.close();
  };
}

/** Names the process that wrote its id last. A process that has just taken the lock may not have written it yet. */
function ownerName(path: string): string {
  try {
    return `process ${Number(readFileSync(path, 'utf8')) || 'that is starting'}`;
  } catch {
    return 'another process';
  }
}
