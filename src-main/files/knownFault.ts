import { ArcBenchError } from '../../src-shared/errors.ts';
import { tooManyFiles } from './tooManyFiles.ts';
import { diskError } from './writeWhole.ts';

/**
 * An error whose message is a sentence for the user, made from the system's error where that is about a file; null
 * where the error is a fault of the program.
 */
export function knownFault(error: unknown): ArcBenchError | null {
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : null;
  const explained = path === null ? (tooManyFiles(error) ?? fullDisk(error)) : diskError(error, path);
  return explained instanceof ArcBenchError ? explained : null;
}

/** A disk that fills during a write is reported without the name of the file. */
function fullDisk(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new ArcBenchError('no-space', `A disk is full (${code}): free some space, and try again.`, { cause: error });
}
