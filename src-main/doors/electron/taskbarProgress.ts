import type { Job } from '../../../src-shared/answers/jobAnswers.ts';

/**
 * The progress that a taskbar shows: the share of the running jobs that is done, 0 to 1; 2 where it is unknown, and -1
 * where no job runs.
 */
export function taskbarProgress(jobs: Iterable<Job>): number {
  const running = [...jobs].filter(({ state }) => state === 'running');
  if (running.length === 0) return -1;
  const shares = running.flatMap(({ progress }) =>
    progress && progress.total > 0 ? [progress.done / progress.total] : [],
  );
  return shares.length === 0 ? 2 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
