import { ArcBenchError } from '../../src-shared/errors.ts';
import { diskError } from './writeWhole.ts';

/**
 * An error whose message is a sentence for the user, made from the system's error where that is about a file; null
 * where the error is a fault of the program.
 */
export function knownFault(error: unknown): ArcBenchError | null {
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : null;
  const explained = path === null ? error : diskError(error, path);
  return explained instanceof ArcBenchError ? explained : null;
}
