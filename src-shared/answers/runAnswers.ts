import type { Ancestry } from '../ancestry.ts';
import type { GivenModel } from '../arms.ts';
import type { PredictionComparison } from '../comparePredictions.ts';
import type { ComparedPair } from '../comparison.ts';
import type { Evaluation } from '../evaluation.ts';
import type { RunEngine } from '../runEngine.ts';

/** The data that a run saw: a hash that other data do not have; the numbers are unknown in runs of older versions. */
export interface RunData {
  readonly hash: string;
  readonly images: number | null;
  readonly people: number | null;
}
export type RunStatus = 'queued' | 'running' | 'trained' | 'done' | 'failed' | 'cancelled';
export interface RunSummary {
  readonly id: string;
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly planHash: string;
  /** What the run judges if it was not trained here; null for a run that is trained. */
  readonly given: GivenModel | null;
  readonly data: RunData | null;
  readonly status: RunStatus;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly message: string | null;
  readonly starred: boolean;
  readonly note: string;
  /** Epochs done and planned. */
  readonly epoch: number;
  readonly epochs: number;
  /** The epoch that is judged: the best on val so far; null before the first ends. */
  readonly judgedEpoch: number | null;
  /**
   * By name: the value of each curve in the judged epoch (the last one of curves that have a point for each step), and
   * the judged metrics.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** Dotted knobs of the run's plan with its arm's, as text. */
  readonly knobs: Readonly<Record<string, string>>;
}
export interface RunDetails extends RunSummary {
  readonly curveNames: readonly string[];
  readonly events: readonly { readonly at: string; readonly kind: string; readonly message: string }[];
  readonly engine: RunEngine | null;
  /** Where its weights began; null where no run was its start. */
  readonly ancestry: Ancestry | null;
  readonly artefacts: readonly { readonly kind: string; readonly path: string }[];
  readonly evaluation: Evaluation | null;
  /** Epochs of which the embedding of val images was kept. */
  readonly snapshots: readonly number[];
  /** Where the run's pictures are, for pictureAddress; null where the prepared set is gone. */
  readonly prepared: string | null;
  /** Places in the prepared set of the files that the evaluation names. */
  readonly pictures: Readonly<Record<string, number>>;
}
/**
 * A test picture that runs of one arm are right about more often; `index` and `identity` as pictures have them, people
 * that the other arm takes it for.
 */
export interface PredictedPicture {
  readonly index: number;
  readonly file: string;
  readonly identity: string;
  readonly firstRight: number;
  readonly secondRight: number;
  readonly takenFor: readonly string[];
}
/** A picture, and whom it was taken for. Pictures are places in the run's prepared set. */
export interface TakenFor {
  readonly picture: number;
  readonly person: string;
  /**
   * The person's picture of largest cosine with the first; the cosine is null where the run does not keep both
   * embeddings. Null where the person has no picture.
   */
  readonly nearest: { readonly picture: number; readonly cosine: number | null } | null;
}
export interface ComparedPredictions extends Pick<PredictionComparison, 'seeds' | 'p'> {
  /** The prepared set of the pictures, for pictureAddress. */
  readonly prepared: string;
  /** At most 200 pictures each, furthest apart first, with how many there are. */
  readonly onlyFirst: {
    readonly total: number;
    readonly people: number;
    readonly pictures: readonly PredictedPicture[];
  };
  readonly onlySecond: {
    readonly total: number;
    readonly people: number;
    readonly pictures: readonly PredictedPicture[];
  };
}
/** Arms are named by one of their runs, since two experiments may have arms of one name. */
export interface ArmDifference extends Omit<ComparedPair, 'arm' | 'against'> {
  readonly run: string;
}
export interface ArmDifferences {
  /** Each arm with each metric, as the plan has the arms. */
  readonly differences: readonly ArmDifference[];
  /** One run of each arm without a seed on the split of the arm that they are held against. */
  readonly unpaired: readonly string[];
  /** Says in a sentence that the runs saw different data; null if they did not. */
  readonly otherData: string | null;
}
export interface Curve {
  readonly run: string;
  readonly name: string;
  /** Points before they were thinned: of the curve, or of the range that was asked for. */
  readonly total: number;
  /** Columns of equal length: steps, epochs, wall-clock milliseconds since 1970, values. */
  readonly steps: readonly number[];
  readonly epochs: readonly number[];
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /**
   * The moving average at each point over all points of the curve up to it, those that were thinned out too; absent
   * where no smoothing was asked for.
   */
  readonly smoothed?: readonly (number | null)[];
}
export interface CurvePoint {
  readonly name: string;
  readonly step: number;
  readonly epoch: number;
  readonly at: number;
  readonly value: number;
}
