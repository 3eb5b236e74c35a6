import { Worker } from 'node:worker_threads';
import type { CheckedInput, Job } from '../../src-shared/api.ts';
import { ArcBenchError, type ErrorCode } from '../../src-shared/errors.ts';
import type { StoreChange } from '../store/storeChange.ts';
import type { JobContext } from './jobQueue.ts';
import type { PlacingRequest } from './placeEmbeddings.ts';
import type { StageOptions } from './stage.ts';

/** What a job does, with the plan it does it for where it does it for one. */
export type PlannedWork = Pick<StageOptions, 'plan' | 'baseFolder' | 'rerunCommand'> & (
  | { readonly kind: 'import' | 'prepare' | 'split' | 'report' }
  | { readonly kind: 'experiment'; readonly interrupted: CheckedInput<'experiments.start'>['interrupted'] }
  | { readonly kind: 'resume'; readonly run: string });
export type Work = PlannedWork | { readonly kind: 'projection'; readonly request: PlacingRequest };
/** Roots: folders below which the pictures of a list of faces must lie. */
export interface WorkTask { readonly workspace: string; readonly roots: readonly string[]; readonly work: Work }
export type WorkMessage =
  | { readonly kind: 'change'; readonly change: StoreChange } | { readonly kind: 'training'; readonly run: string }
  | { readonly kind: 'stage' | 'notice'; readonly text: string } | { readonly kind: 'step'; readonly progress: NonNullable<Job['progress']> }
  | { readonly kind: 'done'; readonly result: string } | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly message: string };
export type WorkOrder = 'stop' | 'stopAfterEpoch';

/** Does what a job is for, and answers what it made. */
export type WorkApart = (work: Work, job: Pick<JobContext, 'signal' | 'progress'> & Partial<JobContext>) => Promise<string>;

/**
 * Does jobs in a thread each, on a connection of its own: commits that wait for the disk, audits, statistics and figures block no screen.
 * What they change in the store is told to `onChange` as if it were done here.
 */
export function workApart(of: Omit<WorkTask, 'work'>, onChange: (change: StoreChange) => void): WorkApart {
  return (work, { signal, afterEpoch, progress, training }) => new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./workThread.ts', import.meta.url), { workerData: { ...of, work } satisfies WorkTask });
    const order = (text: WorkOrder) => () => worker.postMessage(text);
    const [stop, stopAfterEpoch] = [order('stop'), order('stopAfterEpoch')];
    signal.addEventListener('abort', stop);
    afterEpoch?.addEventListener('abort', stopAfterEpoch);
    if (signal.aborted) stop();
    if (afterEpoch?.aborted) stopAfterEpoch();
    let settle = () => reject(new ArcBenchError('failed', 'The thread that did the work ended without a word: the machine may lack memory; try again, training goes on from its last checkpoint.'));
    worker.on('message', (message: WorkMessage) => {
      switch (message.kind) {
        case 'change': return onChange(message.change);
        case 'training': return training?.(message.run);
        case 'stage': return progress.stage(message.text);
        case 'notice': return progress.notice(message.text);
        case 'step': return progress.step(message.progress);
        case 'done': settle = () => resolve(message.result); return;
        case 'failed': settle = () => reject(message.code === null ? new Error(message.message) : new ArcBenchError(message.code, message.message)); return;
      }
    });
    worker.on('error', (cause: unknown) => { settle = () => reject(cause instanceof Error ? cause : new Error(String(cause))); });
    worker.on('exit', () => {
      signal.removeEventListener('abort', stop);
      afterEpoch?.removeEventListener('abort', stopAfterEpoch);
      settle();
    });
  });
}
