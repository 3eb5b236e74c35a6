import Database from 'better-sqlite3';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { foreignReason, refuseForeign } from '../files/ownPath.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { explainStoreFault, isBusy } from './storeFault.ts';

// The locks of this process. They are kept here because a database that nobody refers to is closed, and its lock lost.
const held = new Map<string, Database.Database>();
// One who asks whether the lock is free has it for a moment.
const moment = 250; // milliseconds

/**
 * Makes this process the only writer of a workspace and returns a function that releases it. Throws 'busy' with the id
 * of the process that has it. The lock is SQLite's own, on a file beside the database: the system gives it to one
 * process, and takes it back however that process ends.
 */
export function lockWorkspace(workspace: string): () => void {
  const { writerLock: path, writerId: ownerPath } = workspaceFolders(workspace);
  if (held.has(path))
    throw new ArcBenchError('busy', `The workspace ${workspace} is open in this process already: close it first.`);
  for (const own of [path, ownerPath]) refuseForeign(own, 'file');
  let lock: Database.Database | null = null;
  try {
    makeForOwner(path);
    lock = new Database(path, { timeout: moment });
    lock.exec('BEGIN IMMEDIATE');
    writeFileSync(ownerPath, String(process.pid), { mode: 0o600 });
  } catch (cause) {
    lock?.close();
    if (isBusy(cause)) {
      throw new ArcBenchError(
        'busy',
        `The workspace ${workspace} is in use by ${ownerName(ownerPath)}: wait until it ends, or choose ` +
          'another workspace with --workspace.',
        { cause },
      );
    }
    const explained = explainStoreFault(cause, workspace);
    if (explained instanceof ArcBenchError && explained.code !== 'wrong-input' && explained.code !== 'damaged')
      throw explained;
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

/** Whether a process writes a workspace now. Where that cannot be found out, one may. */
export function isWritten(workspace: string): boolean {
  const { writerLock: path } = workspaceFolders(workspace);
  if (held.has(path)) return true;
  if (!existsSync(path)) return false;
  if (foreignReason(path, 'file') !== null) return true; // a pipe would wait for ever
  let lock: Database.Database | null = null;
  try {
    lock = new Database(path, { timeout: 0 });
    lock.exec('BEGIN IMMEDIATE');
    return false;
  } catch {
    return true;
  } finally {
    lock?.close();
  }
}

/**
 * Makes the file of the lock, which nobody else may open: whoever can read a file can hold a lock on it, and would keep
 * its owner out.
 */
function makeForOwner(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  const { mode, uid } = statSync(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(path, 0o600);
}

/** Names the process that wrote its id last. A process that has just taken the lock may not have written it yet. */
function ownerName(path: string): string {
  try {
    return `process ${Number(readFileSync(path, 'utf8')) || 'that is starting'}`;
  } catch {
    return 'another process';
  }
}
