import { reactive } from 'vue';
import type { Job } from '../../../src-shared/answers/jobAnswers.ts';
import { call } from '../../client/workbench.ts';
import { confirm } from '../../components/confirm.ts';
import { showFault } from '../../components/toasts.ts';
import { jobEnded } from '../../stores/jobs.ts';

/** Whether a job trains, so that it can be resumed and can end after an epoch. */
export const trains = (job: Job): boolean => job.kind === 'experiment' || job.kind === 'resume';

/** Jobs that were asked to stop and still save their checkpoint. */
const stopping = reactive(new Set<string>());
export const isPausing = (job: Job): boolean => stopping.has(job.id) && !jobEnded(job);
async function stop(job: Job): Promise<void> {
  stopping.add(job.id);
  await call('jobs.cancel', { id: job.id }).catch((error: unknown) => {
    stopping.delete(job.id);
    showFault(error);
  });
}
/** A job's state in a word. Training that was stopped has a checkpoint, so it is paused. */
export function jobStateWord(job: Job): string {
  if (isPausing(job)) return trains(job) ? 'pausing' : 'cancelling';
  return resumable(job) && job.state === 'cancelled' ? 'paused' : job.state;
}

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
  await stop(job);
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
  await stop(job);
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
