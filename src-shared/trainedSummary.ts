import type { Evaluation } from './evaluation.ts';

/** What one run left behind when it ended. One that was not trained here has no epochs. */
export interface TrainedSummary {
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Null where nobody knows: of embeddings that came without their network. */
  readonly parameters: number | null;
  /** Paths of what the run left behind, by kind. */
  readonly artefacts: Readonly<Record<string, string>>;
  readonly evaluation: Evaluation | null;
}
