import { tmpdir } from 'node:os';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { tooManyFiles } from './tooManyFiles.ts';

/**
 * Turns the system's error about the folder for temporary files into a sentence that names that folder, which may lie
 * on another disk than the workspace; returns any other error as it is.
 */
export function temporaryFault(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = 'or set TMPDIR to another folder; the workspace is as it was';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ArcBenchError(
      'no-space',
      `The disk of the folder for temporary files, ${tmpdir()}, is full: free some space there, ${remedy}.`,
      { cause: error },
    );
  if (/^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR)$/.test(code))
    return new ArcBenchError(
      'wrong-input',
      `The folder for temporary files, ${tmpdir()}, cannot be written (${code}): make it writable, ${remedy}.`,
      { cause: error },
    );
  return tooManyFiles(error) ?? error;
}
