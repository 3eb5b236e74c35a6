import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CheckedInput } from '../../../src-shared/api.ts';
import type { Job } from '../../../src-shared/answers/jobAnswers.ts';
import { ArcBenchError, type ErrorCode } from '../../../src-shared/errors.ts';
import type { StoreChange } from '../../store/storeChange.ts';
import type { JobContext } from '../jobQueue.ts';
import type { PlacingRequest } from '../results/placeEmbeddings.ts';
import type { StageOptions } from '../experiment/stage.ts';

/** What a job does, with its plan. */
export type PlannedWork = Pick<StageOptions, 'plan' | 'baseFolder' | 'rerunCommand'> &
  (
    | { readonly kind: 'import' | 'prepare' | 'split' }
    | { readonly kind: 'find'; readonly dataset: string }
    | { readonly kind: 'report'; /** The data of this run are those of the report. */ readonly run: string }
    | { readonly kind: 'experiment'; readonly interrupted: CheckedInput<'experiments.start'>['interrupted'] }
    | { readonly kind: 'resume'; readonly run: string }
  );
export type Work = PlannedWork | { readonly kind: 'projection'; readonly request: PlacingRequest };
/** Work, and the folders below which the pictures of a list of faces must lie. */
export interface WorkTask {
  readonly roots: readonly string[];
  readonly work: Work;
}
export type WorkMessage =
  | { readonly kind: 'change'; readonly change: StoreChange }
  | { readonly kind: 'training'; readonly run: string }
  | { readonly kind: 'stage' | 'notice'; readonly text: string }
  | { readonly kind: 'step'; readonly progress: NonNullable<Job['progress']> }
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly message: string };
export type WorkOrder = WorkTask | 'stop' | 'stopAfterEpoch' | 'end';

/** Does the work of a job in a thread and returns what it made, such as a hash or a folder. */
export type WorkInThread = (
  work: Work,
  job: Pick<JobContext, 'signal' | 'progress'> & Partial<JobContext>,
) => Promise<string>;

/**
 * Does jobs in threads with their own connections to the store, so that slow commits, audits, statistics and figures
 * block no screen. Threads are used again, because every new one would leave some memory behind. `onChange` hears of
 * each change in the store as if it were made here.
 */
export function jobThreads({
  workspace,
  roots,
  onChange,
}: {
  readonly workspace: string;
  readonly roots: readonly string[];
  readonly onChange: (change: StoreChange) => void;
}): { readonly work: WorkInThread; close(): Promise<void> } {
  const idle: Worker[] = [];
  const workers = new Set<Worker>();
  const start = (): Worker => {
    const worker = new Worker(new URL('./jobThread.ts', import.meta.url), { workerData: workspace });
    workers.add(worker);
    worker.on('exit', () => {
      workers.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
    });
    worker.on('error', () => undefined); // the job that waits for it hears of it
    return worker;
  };
  const work: WorkInThread = (asked, { signal, afterEpoch, progress, training }) =>
    new Promise((resolve, reject) => {
      const worker = idle.pop() ?? start();
      worker.ref();
      const order = (text: WorkOrder) => () => worker.postMessage(text);
      const stop = order('stop');
      const stopAfterEpoch = order('stopAfterEpoch');
      const settle = (action: () => void) => {
        signal.removeEventListener('abort', stop);
        afterEpoch?.removeEventListener('abort', stopAfterEpoch);
        worker.off('message', hear).off('error', fail).off('exit', end);
        action();
      };
      const rest = (action: () => void) =>
        settle(() => {
          worker.unref(); // an idle thread must not keep the process alive
          idle.push(worker);
          action();
        });
      const hear = (message: WorkMessage) => {
        switch (message.kind) {
          case 'change':
            return onChange(message.change);
          case 'training':
            return training?.(message.run);
          case 'stage':
            return progress.stage(message.text);
          case 'notice':
            return progress.notice(message.text);
          case 'step':
            return progress.step(message.progress);
          case 'done':
            return rest(() => resolve(message.result));
          case 'failed':
            return rest(() =>
              reject(
                message.code === null ? new Error(message.message) : new ArcBenchError(message.code, message.message),
              ),
            );
        }
      };
      const fail = (cause: unknown) => settle(() => reject(cause instanceof Error ? cause : new Error(String(cause))));
      const end = () =>
        settle(() =>
          reject(
            new ArcBenchError(
              'failed',
              'The thread that did the work ended without a message: the machine may lack memory; try again, ' +
                'training goes on from its last checkpoint.',
            ),
          ),
        );
      worker.on('message', hear).on('error', fail).on('exit', end);
      signal.addEventListener('abort', stop);
      afterEpoch?.addEventListener('abort', stopAfterEpoch);
      worker.postMessage({ roots, work: asked } satisfies WorkOrder);
      if (signal.aborted) stop();
      if (afterEpoch?.aborted) stopAfterEpoch();
    });
  return {
    work,
    /** Ends the threads, each when it is done. */
    close: async () => {
      await Promise.all(
        [...workers].map((worker) => {
          const ended = once(worker, 'exit');
          worker.ref();
          worker.postMessage('end' satisfies WorkOrder);
          return ended;
        }),
      );
    },
  };
}
