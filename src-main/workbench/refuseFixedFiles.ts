import { ArcBenchError } from '../../src-shared/errors.ts';
import { fixedFolderIn } from '../data/writeWhole.ts';

/** Throws 'wrong-input' where permissions forbid to remove a run's folder. */
export function refuseFixedFiles(id: string, folder: string): void {
  const fixed = fixedFolderIn(folder);
  if (fixed !== null) throw new ArcBenchError('wrong-input', `The files of run ${id} cannot be removed: ${fixed} must be writable; change its permissions, and try again.`);
}
