import { ArcBenchError } from '../../src-shared/errors.ts';
import { diskError } from '../files/writeWhole.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'its disk is read-only',
  ENOTDIR: 'a file stands where a folder should be',
  EEXIST: 'a file or a broken link stands in its place',
  ELOOP: 'its links lead in a circle',
  ENOENT: 'the system makes no folders there',
};

/**
 * What to throw where the folders of a workspace cannot be made: a sentence for what the system refuses. A fault of
 * ours stays what it is.
 */
export function unmadeWorkspace(error: unknown, workspace: string): unknown {
  const reason = error instanceof Error && 'code' in error ? reasons[String(error.code)] : undefined;
  if (reason === undefined) return diskError(error, workspace);
  return new ArcBenchError(
    'wrong-input',
    `The workspace ${workspace} cannot be made: ${reason}. Choose a folder that can be written with --workspace.`,
    { cause: error },
  );
}
