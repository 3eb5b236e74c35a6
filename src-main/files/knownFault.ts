import { ArcBenchError } from '../../src-shared/errors.ts';
import { tooManyFiles } from './tooManyFiles.ts';
import { diskError } from './writeWhole.ts';

/**
 * An error whose message is a sentence for the user, made from the system's error where that is about a file; null
 * where the error is a fault of the program.
 */
export function knownFault(error: unknown): ArcBenchError | null {
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : null;
  const explained =
    path === null ? (tooManyFiles(error) ?? fullDisk(error)) : (forbidden(error, path) ?? diskError(error, path));
  return explained instanceof ArcBenchError ? explained : null;
}

/** The sentence for a file that may not be opened: whether it was to be read or written is not known here. */
function forbidden(error: unknown, path: string): ArcBenchError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isOpening = error instanceof Error && 'syscall' in error && error.syscall === 'open';
  if (!isOpening || (code !== 'EACCES' && code !== 'EPERM')) return null;
  return new ArcBenchError(
    'wrong-input',
    `${path} may not be read or written: change its permissions, or choose another --workspace.`,
    { cause: error },
  );
}

/** A disk that fills during a write is reported without the name of the file. */
function fullDisk(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new ArcBenchError('no-space', `A disk is full (${code}): free some space, and try again.`, { cause: error });
}
