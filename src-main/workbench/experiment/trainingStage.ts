import type { EngineName } from '../../../src-shared/runEngine.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { PreparedSet } from '../../data/preparedSet.ts';
import type { Split } from '../../split/makeSplit.ts';
import type { SplitsOfSeeds } from './plannedRuns.ts';
import type { StageOptions } from './stage.ts';

export interface TrainOptions {
  /** What becomes of a run that ended half-way (cancelled, failed or killed). */
  readonly interrupted: 'refuse' | 'resume' | 'restart';
  readonly compiled: boolean;
  readonly engine: EngineName;
  /** Judge test, query and distractors after training. */
  readonly evaluate: boolean;
  /** Picks runs of the plan; all of them without. */
  readonly only?: ((run: { readonly arm: string; readonly seed: number }) => boolean) | undefined;
}

/** What all runs of one call share. */
export interface TrainingStage {
  readonly options: StageOptions;
  readonly train: TrainOptions;
  readonly faces: SplitsOfSeeds & {
    readonly set: PreparedSet;
    readonly dataset?: Pick<Dataset, 'hash' | 'base'> | undefined;
  };
  readonly planHash: string;
  /** The class of each training image of a split. */
  readonly labelsOf: (split: Split) => Int32Array;
}
