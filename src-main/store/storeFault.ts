import { ArcBenchError } from '../../src-shared/errors.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';

/**
 * Turns an error of SQLite or the system that means a full disk, a missing permission or damage into a sentence;
 * returns any other error as it is.
 */
export function explainStoreFault(error: unknown, workspace: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE' || code === 'ENOSPC')
    return new ArcBenchError(
      'no-space',
      `The disk of the workspace ${workspace} is full: free some space, then run again with --resume.`,
      { cause: error },
    );
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM)|EACCES|EPERM|EROFS)/.test(code)) {
    return new ArcBenchError(
      'wrong-input',
      `The database ${workspaceFolders(workspace).database} cannot be opened or written: it, the files beside it ` +
        'and their folder must be readable and writable; change their permissions, or choose another workspace ' +
        'with --workspace.',
      { cause: error },
    );
  }
  if (/^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(code) || error instanceof SyntaxError)
    return damagedStore(workspace, error);
  return error;
}

/** The refusal of a database that is not whole. */
export const damagedStore = (workspace: string, cause?: unknown): ArcBenchError =>
  new ArcBenchError(
    'damaged',
    `${workspaceFolders(workspace).database} is not a whole ArcBench database: move it away to start with an empty ` +
      'one, or restore it from a copy.',
    { cause },
  );

/** The same methods, whose errors are explained as above. */
export function explainingStoreFaults<Methods extends object>(workspace: string, methods: Methods): Methods {
  const explained = Object.entries(methods).map(([name, method]) => [
    name,
    (...inputs: unknown[]): unknown => {
      try {
        return (method as (...inputs: unknown[]) => unknown)(...inputs);
      } catch (error) {
        throw explainStoreFault(error, workspace);
      }
    },
  ]);
  return Object.fromEntries(explained) as Methods;
}
