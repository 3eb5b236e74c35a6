import { ArcBenchError } from '../../src-shared/errors.ts';
import { throwIfTooMany, tooManyFiles } from './tooManyFiles.ts';

/** Codes of files that are not there, or that are of another kind: these say something of the workspace. */
const gone = /^(ENOENT|ENOTDIR|EISDIR)$/;
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/**
 * The sentence for a file that cannot be read now: it may not be, the disk fails, or memory or open files are used up.
 * Such an error says nothing of what the file holds. Null where the file is not there, or was read and makes no sense.
 */
export function readFault(error: unknown, path: string): ArcBenchError | null {
  if (error instanceof ArcBenchError) return null;
  const code = codeOf(error);
  const fault = (sentence: string, kind: 'wrong-input' | 'failed' = 'failed') =>
    new ArcBenchError(kind, `${path} ${sentence} Nothing is known to be damaged.`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM')
    return fault(`may not be read: change its permissions, and try again.`, 'wrong-input');
  if (/^(ENOMEM|ERR_STRING_TOO_LONG|ERR_FS_FILE_TOO_LARGE|ERR_OUT_OF_MEMORY|ERR_MEMORY_ALLOCATION_FAILED)$/.test(code))
    return fault(`needs more memory than there is (${code}): end other programs, and try again.`);
  if (error instanceof Error && 'syscall' in error && !gone.test(code))
    return (
      tooManyFiles(error) ??
      fault(`cannot be read now (${code}): see whether its disk is connected and healthy, and try again.`)
    );
  return null;
}

/**
 * Why a file or folder of a dataset is left out, in one sentence. Throws where no more files can be opened: that says
 * nothing of the file, and without it the dataset would be another one.
 */
export function unreadReason(error: unknown, what: 'file' | 'folder'): string {
  throwIfTooMany(error);
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') return `The ${what} may not be read: change its permissions.`;
  return `The ${what} cannot be read (${code}): check the disk, or copy it again from its source.`;
}

/** The entries of a folder that cannot be looked into: none. Throws where no more files can be opened. */
export function noEntries(error: unknown): [] {
  throwIfTooMany(error);
  return [];
}

/** What stands for a file that is not there. Any other error is thrown, as a sentence where `readFault` has one. */
export const ifGone =
  <Value>(path: string, value: Value) =>
  (error: unknown): Value => {
    if (gone.test(codeOf(error))) return value;
    throw readFault(error, path) ?? error;
  };
