import { existsSync } from 'node:fs';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { openStore, type RunRow, type Store } from '../../store/store.ts';
import { interruptedMessage } from '../../store/interruptedRuns.ts';
import { isWritten } from '../../store/writerLock.ts';
import { mayDiverge } from '../experiment/decideRun.ts';
import { taskWorkspaceOf, type Batch, type BatchRun } from './batchFile.ts';
import { tasksInQueue } from './slurm.ts';

/** 'missing' has not begun; 'killed' ended without a message; 'diverged' is a result, where values are tried. */
export type TaskState =
  'done' | 'trained' | 'diverged' | 'missing' | 'queued' | 'running' | 'stopped' | 'failed' | 'killed';
export interface BatchedRun extends BatchRun {
  readonly number: number;
  readonly state: TaskState;
  readonly message: string | null;
  /** The workspace that holds the run. */
  readonly workspace: string;
}

/** Whether a run has come to its end, judged or not. */
export const isJoinable = ({ state }: Pick<BatchedRun, 'state'>): boolean =>
  state === 'done' || state === 'trained' || state === 'diverged';

/**
 * How far each run of a batch is. The workspace that it is joined to is asked first, then Slurm, then the workspace of
 * the task, which is not opened while another machine may write it.
 */
export function taskStates(
  store: Store,
  folder: string,
  batch: Pick<Batch, 'plan' | 'jobs'> & { readonly runs: readonly BatchRun[] },
): BatchedRun[] {
  const inQueue = tasksInQueue(batch.jobs);
  return batch.runs.map((run, number) => {
    const here = stateOf(store, store.run(run.id), batch);
    if (isJoinable(here)) return { ...run, ...here, number, workspace: store.workspace };
    const workspace = taskWorkspaceOf(folder, number);
    const queued = inQueue.get(number);
    if (queued !== undefined)
      return { ...run, number, workspace, state: queued === 'PENDING' ? 'queued' : 'running', message: null };
    const own = existsSync(workspaceFolders(workspace).database)
      ? withStore(workspace, (task) => stateOf(task, task.run(run.id), batch))
      : { state: 'missing' as const, message: null };
    return { ...run, ...own, number, workspace };
  });
}

/** Does something with a workspace's store, which is only read. */
export function withStore<T>(workspace: string, action: (store: Store) => T): T {
  const store = openStore(workspace, { readOnly: true });
  try {
    return action(store);
  } finally {
    store.close();
  }
}

export function stateOf(
  store: Store,
  row: RunRow | null,
  { plan }: Pick<Batch, 'plan'>,
): Pick<BatchedRun, 'state' | 'message'> {
  if (!row) return { state: 'missing', message: null };
  switch (row.status) {
    case 'done':
    case 'trained':
      return { state: row.status, message: null };
    case 'failed':
      return {
        state: mayDiverge(plan) && store.result(row.id, 'failure') === 'diverged' ? 'diverged' : 'failed',
        message: row.message,
      };
    case 'cancelled':
      return { state: row.message === interruptedMessage ? 'killed' : 'stopped', message: null };
    case 'queued':
    case 'running':
      return { state: isWritten(store.workspace) ? 'running' : 'killed', message: null };
  }
}
