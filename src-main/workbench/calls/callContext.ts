import type { CallHandlers, CallName, WorkbenchEvent } from '../../../src-shared/api.ts';
import type { Store } from '../../store/store.ts';
import type { JobContext, JobQueue } from '../jobQueue.ts';
import type { StageOptions } from '../experiment/stage.ts';
import type { WorkInThread } from '../threads/jobThreads.ts';

/** What the handlers of calls work with. */
export interface CallContext {
  readonly store: Store;
  readonly jobs: JobQueue;
  readonly door: 'electron' | 'serve';
  /** Folders below which files may be listed and imported; more are opened as the user chooses them. */
  readonly roots: readonly string[];
  readonly tell: (event: WorkbenchEvent) => void;
  readonly workInThread: WorkInThread;
}

/** The handlers of the calls of one area, such as 'runs'. */
export type CallsOf<Area extends string> = Pick<CallHandlers, Extract<CallName, `${Area}.${string}`>>;

/** What a stage needs, from a job and a plan. */
export function stageOf(
  { store, roots }: CallContext,
  job: Pick<JobContext, 'progress' | 'signal'> & Partial<Pick<JobContext, 'afterEpoch'>>,
  of: Pick<StageOptions, 'plan' | 'baseFolder' | 'rerunCommand'>,
): StageOptions {
  return {
    ...of,
    store,
    roots,
    progress: job.progress,
    signal: job.signal,
    ...(job.afterEpoch ? { afterEpoch: job.afterEpoch } : {}),
  };
}

/** For stages that a call waits for: their progress is not shown. */
export const quietly: Pick<JobContext, 'progress' | 'signal'> = {
  progress: { stage: () => undefined, step: () => undefined, notice: () => undefined },
  signal: new AbortController().signal,
};
