import type { Job } from '../../../src-shared/api.ts';
import { call } from '../../client/workbench.ts';
import { confirm } from '../../components/confirm.ts';
import { showFault } from '../../components/toasts.ts';

/** Whether a job trains, so that it can be resumed and can end after an epoch. */
export const trains = (job: Job): boolean => job.kind === 'experiment' || job.kind === 'resume';

/** Cancels a job. Asks first where this interrupts training. */
export async function cancelJob(job: Job): Promise<void> {
  if (
    trains(job) &&
    job.state === 'running' &&
    !(await confirm({
      title: `Stop “${job.title}”?`,
      text: 'Training saves a checkpoint first, and can be resumed from it.',
      action: 'Stop',
    }))
  )
    return;
  await call('jobs.cancel', { id: job.id }).catch(showFault);
}

/** Stops training with a checkpoint, to resume later. Asks first where a queued job would then start. */
export async function pauseJob(job: Job, waiting: Job | null): Promise<void> {
  if (
    waiting !== null &&
    !(await confirm({
      title: `Pause “${job.title}”?`,
      text: `Training saves a checkpoint, and can be resumed from it. The queued job “${waiting.title}” starts then.`,
      action: 'Pause',
    }))
  )
    return;
  await call('jobs.cancel', { id: job.id }).catch(showFault);
}

/** Ends training after the present epoch. */
export async function stopAfterEpoch(job: Job): Promise<void> {
  await call('jobs.stopAfterEpoch', { id: job.id }).catch(showFault);
}

/** Whether a job trained and ended early, so that it can be resumed from its checkpoint. */
export const resumable = (job: Job): boolean =>
  trains(job) && (job.state === 'failed' || job.state === 'cancelled') && (job.experiment !== null || job.run !== null);

/** Resumes the experiment of a job from its checkpoints, or its run where it had no experiment. */
export async function resumeJob(job: Job): Promise<Job | null> {
  try {
    if (job.experiment !== null) return await call('experiments.start', { id: job.experiment, interrupted: 'resume' });
    return job.run === null ? null : await call('runs.resume', { id: job.run });
  } catch (error) {
    showFault(error);
    return null;
  }
}
