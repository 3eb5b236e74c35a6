import { isAbsolute, resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import type { Store } from '../../store/store.ts';

/** What a door shows while a stage runs. */
export interface StageProgress {
  stage(text: string): void;
  step(progress: { readonly done: number; readonly total: number; readonly note: string }): void;
  notice(text: string): void;
}

/** What every stage of an experiment needs. */
export interface StageOptions {
  readonly store: Store;
  readonly plan: Plan;
  /** The folder that a relative data source or weight file is relative to. */
  readonly baseFolder: string;
  readonly progress: StageProgress;
  readonly signal: AbortSignal;
  /** Folders below which the files that faces are read from must lie; anywhere without. */
  readonly roots?: readonly string[];
  /** Ends training after the epoch under way. */
  readonly afterEpoch?: AbortSignal;
  /** Is called with the run that is trained now. */
  readonly onTraining?: (run: string) => void;
  /** The store that holds the runs which others start from; `store` without. */
  readonly parentsIn?: Store;
  /** The command that does the same again, for reports and messages. */
  readonly rerunCommand: string;
}

export function checkStop({ signal, rerunCommand }: StageOptions): void {
  if (signal.aborted) throw new ArcBenchError('cancelled', `Stopped; \`${rerunCommand} --resume\` goes on from here.`);
}

/** What a path of a plan is relative to, and the workspace that may have been moved. */
export type PathBase = Pick<StageOptions, 'baseFolder'> & { readonly store: Pick<Store, 'located'> };

/** What the starts of a plan are relative to. */
export const parentBase = ({ baseFolder, store, parentsIn = store }: StageOptions) => ({
  baseFolder,
  store: parentsIn,
});

/** Where a file or folder that a plan names is. One that lay in the workspace has moved along with it. */
export const pathFrom = ({ baseFolder, store }: PathBase, path: string): string =>
  store.located(isAbsolute(path) ? path : resolve(baseFolder, path));
