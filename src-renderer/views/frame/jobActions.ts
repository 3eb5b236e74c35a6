import type { Job } from '../../../src-shared/api.ts';
import { call } from '../../client/workbench.ts';
import { confirm } from '../../components/confirm.ts';
import { showFault } from '../../components/toasts.ts';

/** Whether a job trains, so that it can be resumed and can end after an epoch. */
export const trains = (job: Job): boolean => job.kind === 'experiment' || job.kind === 'resume';

/** Cancels a job; asks first where training would be interrupted. */
export async function cancelJob(job: Job): Promise<void> {
  if (trains(job) && job.state === 'running' && !(await confirm({ title: `Stop ${job.title}?`, text: 'Training saves a checkpoint first; the run can be resumed from it.', action: 'Stop' }))) return;
  await call('jobs.cancel', { id: job.id }).catch(showFault);
}

/** Ends training after the epoch under way. */
export async function stopAfterEpoch(job: Job): Promise<void> {
  await call('jobs.stopAfterEpoch', { id: job.id }).catch(showFault);
}
