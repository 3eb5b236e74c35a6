import type { Job } from '../../../src-shared/api.ts';
import { call } from '../../client/workbench.ts';
import { confirm } from '../../components/confirm.ts';
import { showFault } from '../../components/toasts.ts';

/** Whether a job trains, so that it can be resumed and can end after an epoch. */
export const trains = (job: Job): boolean => job.kind === 'experiment' || job.kind === 'resume';

/** Cancels a job; asks first where training would be interrupted. */
export async function cancelJob(job: Job): Promise<void> {
  if (
    trains(job) &&
    job.state === 'running' &&
    !(await confirm({
      title: `Stop “${job.title}”?`,
      text: 'Training saves a checkpoint first; the run can be resumed from it.',
      action: 'Stop',
    }))
  )
    return;
  await call('jobs.cancel', { id: job.id }).catch(showFault);
}

/** Ends training with a checkpoint, to go on later; asks first where another job that waits would begin. */
export async function pauseJob(job: Job, waiting: Job | null): Promise<void> {
  if (
    waiting !== null &&
    !(await confirm({
      title: `Pause ${job.title}?`,
      text: `Training saves a checkpoint and can go on from it. ${waiting.title}, which waits, starts then.`,
      action: 'Pause',
    }))
  )
    return;
  await call('jobs.cancel', { id: job.id }).catch(showFault);
}

/** Ends training after the epoch under way. */
export async function stopAfterEpoch(job: Job): Promise<void> {
  await call('jobs.stopAfterEpoch', { id: job.id }).catch(showFault);
}

/** Whether a job trained and ended before its time, so that it can go on from its checkpoint. */
export const resumable = (job: Job): boolean =>
  trains(job) && (job.state === 'failed' || job.state === 'cancelled') && (job.experiment !== null || job.run !== null);

/** Goes on with the experiment of a job from the checkpoints, or with its run where it had no experiment. */
export async function resumeJob(job: Job): Promise<Job | null> {
  const again =
    job.experiment !== null
      ? call('experiments.start', { id: job.experiment, interrupted: 'resume' })
      : job.run !== null
        ? call('runs.resume', { id: job.run })
        : null;
  return await (again?.catch((error: unknown) => {
    showFault(error);
    return null;
  }) ?? null);
}
