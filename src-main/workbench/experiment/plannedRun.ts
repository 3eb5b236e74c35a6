import type { ArmPlan } from '../../../src-shared/experiment.ts';
import type { Split } from '../../split/makeSplit.ts';

export interface PlannedRun {
  readonly id: string;
  readonly arm: string;
  readonly seed: number;
  /** A run of tuning is judged by val only, and is no part of the comparison. */
  readonly role: 'tuning' | 'comparison';
  /** The arm as it is trained: of a tuned one, with the settings that val chose. */
  readonly armPlan: ArmPlan;
  readonly split: Split;
}

/** The split that all runs share, and those of single seeds where each seed draws its own. */
export interface SplitsOfSeeds {
  readonly split: Split;
  readonly splits?: ReadonlyMap<number, Split> | undefined;
}
export const splitOfSeed = ({ split, splits }: SplitsOfSeeds, seed: number): Split => splits?.get(seed) ?? split;
