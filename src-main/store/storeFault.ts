import { closeSync, openSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { diskError } from '../files/writeWhole.ts';
import { databaseHolder } from './databaseHolder.ts';

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** Whether an error of SQLite says that another connection has locked the database. */
export const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error));

/** Whether an error of SQLite says that a table or column is not there. */
export const isMissingColumn = (error: unknown): boolean =>
  error instanceof Error &&
  codeOf(error) === 'SQLITE_ERROR' &&
  /no such (table|column)|has no column/.test(error.message);

/**
 * Turns an error of SQLite or the system into a sentence that says what is known: the database is in use, the disk is
 * full, a permission is missing, or the file is damaged. Returns any other error as it is.
 */
export function explainStoreFault(error: unknown, workspace: string): unknown {
  const code = codeOf(error);
  if (isBusy(error)) return busyStore(workspace, error);
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE' || code === 'ENOSPC')
    return new ArcBenchError(
      'no-space',
      `The disk of the workspace ${workspace} is full: free some space, then run again with --resume.`,
      { cause: error },
    );
  if (code.startsWith('SQLITE_CANTOPEN')) return cannotOpen(workspace, error);
  if (/^(SQLITE_(READONLY|PERM)|EACCES|EPERM|EROFS)/.test(code)) return forbidden(workspace, error);
  if (/^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(code) || error instanceof SyntaxError)
    return damagedStore(workspace, error);
  if (code.startsWith('SQLITE_NOMEM'))
    return new ArcBenchError(
      'failed',
      `Memory ran out while the database of ${workspace} was used: end other programs, and try again.`,
      { cause: error },
    );
  if (/^SQLITE_(IOERR|PROTOCOL|NOLFS)/.test(code)) return unexplained(workspace, error);
  return diskError(error, workspaceFolders(workspace).database);
}

/** The refusal of a database that another program has locked. */
function busyStore(workspace: string, cause: unknown): ArcBenchError {
  return new ArcBenchError(
    'busy',
    `The database ${workspaceFolders(workspace).database} is in use by ${databaseHolder(workspace)}: wait until that ` +
      'has ended, or end it, and try again. Nothing is damaged.',
    { cause },
  );
}

/** The refusal of a database that is not whole. */
export const damagedStore = (workspace: string, cause?: unknown): ArcBenchError =>
  new ArcBenchError(
    'damaged',
    `${workspaceFolders(workspace).database} is not a whole ArcBench database: move it away to start with an empty ` +
      'one, or restore it from a copy.',
    { cause },
  );

const forbidden = (workspace: string, cause: unknown): ArcBenchError =>
  new ArcBenchError(
    'wrong-input',
    `The database ${workspaceFolders(workspace).database} cannot be opened or written: it, the files beside it ` +
      'and their folder must be readable and writable; change their permissions, or choose another workspace ' +
      'with --workspace.',
    { cause },
  );

/** SQLite does not say why it cannot open a file, so the system is asked. */
function cannotOpen(workspace: string, cause: unknown): unknown {
  const { database } = workspaceFolders(workspace);
  const reason = openingFault(database);
  if (reason === null) return unexplained(workspace, cause);
  return /^(EACCES|EPERM|EROFS)$/.test(codeOf(reason)) ? forbidden(workspace, cause) : diskError(reason, database);
}

/** What the system says against opening a file for writing or a second file beside it; null where it may be opened. */
function openingFault(path: string): unknown {
  const opened: number[] = [];
  try {
    // SQLite opens the database and up to two files beside it.
    for (let count = 0; count < 3; count++) opened.push(openSync(path, 'r+'));
    return null;
  } catch (error) {
    return error;
  } finally {
    for (const file of opened) closeSync(file);
  }
}

const unexplained = (workspace: string, cause: unknown): ArcBenchError =>
  new ArcBenchError(
    'failed',
    `The database ${workspaceFolders(workspace).database} cannot be used now (${codeOf(cause)}): see whether its ` +
      'disk is connected and healthy, then try again. Whether it is whole is not known; `arcbench check` says so.',
    { cause },
  );

export interface StorePatience {
  /** Milliseconds to wait for a database that another program has locked, in addition to SQLite's own timeout. */
  readonly patience: number;
  /** Hears once for each wait what is waited for. */
  readonly onWait: (sentence: string) => void;
  /** Whether a transaction is under way, within which nothing can be tried again. */
  readonly inTransaction: () => boolean;
}

/** The same methods, which wait while another program has locked the database, and whose errors are explained. */
export function explainingStoreFaults<Methods extends object>(
  workspace: string,
  methods: Methods,
  patience: StorePatience,
): Methods {
  const explained = Object.entries(methods).map(([name, method]) => [
    name,
    (...inputs: unknown[]): unknown => {
      try {
        return patiently(workspace, patience, () => (method as (...inputs: unknown[]) => unknown)(...inputs));
      } catch (error) {
        throw explainStoreFault(error, workspace);
      }
    },
  ]);
  return Object.fromEntries(explained) as Methods;
}

const pause = 50; // milliseconds between two attempts

function patiently(workspace: string, { patience, onWait, inTransaction }: StorePatience, action: () => unknown) {
  let started: number | null = null;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || inTransaction()) throw error;
      if (started === null && patience > 0)
        onWait(`Waiting for the database: ${databaseHolder(workspace)} has locked it. Nothing is lost.`);
      started ??= performance.now();
      if (performance.now() - started >= patience) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}
