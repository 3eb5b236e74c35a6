import { ArcBenchError } from '../../src-shared/errors.ts';
import { diskError } from './writeWhole.ts';

/**
 * An error as a sentence for the user, where it is one already or the system's word on a file; null where it is a fault
 * of the program.
 */
export function knownFault(error: unknown): ArcBenchError | null {
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : null;
  const explained = path === null ? error : diskError(error, path);
  return explained instanceof ArcBenchError ? explained : null;
}
