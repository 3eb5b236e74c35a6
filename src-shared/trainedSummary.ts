import type { Evaluation } from './evaluation.ts';

/** What one run left behind when it ended. */
export interface TrainedSummary {
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly parameters: number;
  /** Paths of what the run left behind, by kind. */
  readonly artefacts: Readonly<Record<string, string>>;
  readonly evaluation: Evaluation | null;
}
