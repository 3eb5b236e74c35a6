import { ArcBenchError } from '../../src-shared/errors.ts';

/** Throws where no more files can be opened: such an error says nothing of the file that it is about. */
export function throwIfTooMany(error: unknown): void {
  const shortage = tooManyFiles(error);
  if (shortage) throw shortage;
}

/** The sentence for an error that says that no more files can be opened; null for any other error. */
export function tooManyFiles(error: unknown): ArcBenchError | null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EMFILE' && code !== 'ENFILE') return null;
  const whose = code === 'EMFILE' ? 'this process may open' : 'this machine may have open';
  return new ArcBenchError(
    'failed',
    `No more files can be opened (${code}): the number of files that ${whose} is used up. Nothing is damaged; ` +
      'raise the limit with `ulimit -n 4096` or end other programs, and try again.',
    { cause: error },
  );
}
