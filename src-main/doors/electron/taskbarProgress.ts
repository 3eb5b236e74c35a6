import type { Job } from '../../../src-shared/api.ts';

/**
 * Share of the work done, 0 to 1, of the jobs that run; 2 (unknown) where one cannot tell, -1 where none runs: as a
 * taskbar takes it.
 */
export function taskbarProgress(jobs: Iterable<Job>): number {
  const running = [...jobs].filter(({ state }) => state === 'running');
  if (running.length === 0) return -1;
  const told = running.flatMap(({ progress }) =>
    progress && progress.total > 0 ? [progress.done / progress.total] : [],
  );
  return told.length === 0 ? 2 : told.reduce((sum, share) => sum + share, 0) / told.length;
}
