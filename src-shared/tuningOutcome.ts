import type { ArmPlan } from './arms.ts';

/** One combination of tuned values of one arm, and what val says of it. */
export interface TuningTrial {
  readonly arm: ArmPlan;
  readonly seeds: readonly number[];
  /** A combination that diverges with any seed is not chosen. */
  readonly divergedSeeds: readonly number[];
  /** Runs that have not ended. */
  readonly open: number;
  /**
   * Means over the seeds at each run's best epoch, of the val measure that the plan selects by and of the loss; null
   * before all of them are trained.
   */
  readonly score: number | null;
  readonly loss: number | null;
}
export interface TuningOutcome {
  readonly origin: string;
  readonly trials: readonly TuningTrial[];
  /** Null while runs are missing, and where every combination diverged. */
  readonly chosen: ArmPlan | null;
}
