import type { Job } from '../src-shared/answers/jobAnswers.ts';
import { waitUntil } from './waitUntil.ts';

/** Waits up to four minutes for the end of a job, and gives it as it then is. `list` gives its workbench's jobs. */
export async function jobEnd(job: Job, list: () => Promise<readonly Job[]>): Promise<Job> {
  let last = job;
  return await waitUntil(
    `the end of the job ${job.title}`,
    async () => {
      const now = (await list()).find(({ id }) => id === job.id);
      if (!now) return last;
      last = now;
      return now.endedAt !== null && now;
    },
    { seconds: 240, seen: () => `${last.state}, ${last.stage}, ${JSON.stringify(last.progress)}` },
  );
}
