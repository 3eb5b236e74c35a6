import { ArcBenchError } from '../../src-shared/errors.ts';

/** SQLite's word for a full disk as a sentence; any other error as it is. */
export function explainFullDisk(error: unknown, workspace: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'SQLITE_FULL' && code !== 'SQLITE_IOERR_SHMSIZE' && code !== 'ENOSPC') return error;
  return new ArcBenchError('no-space', `The disk of the workspace ${workspace} is full: free some space, then run again with --resume.`, { cause: error });
}

/** The same methods, which throw 'no-space' where the disk is full. */
export function explainingFullDisk<Methods extends object>(workspace: string, methods: Methods): Methods {
  const explained = Object.entries(methods).map(([name, method]) => [name, (...inputs: unknown[]): unknown => {
    try {
      return (method as (...inputs: unknown[]) => unknown)(...inputs);
    } catch (error) {
      throw explainFullDisk(error, workspace);
    }
  }]);
  return Object.fromEntries(explained) as Methods;
}
