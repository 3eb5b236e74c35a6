/**
 * What faces were counted on: prepared ones are sure; imported ones may hold pictures that cannot be read; demo ones
 * are yet to be drawn.
 */
export type FacesFrom = 'prepared' | 'imported' | 'demo';
/**
 * Images a second in training: measured in earlier runs of the network, or estimated from runs of another network or
 * from a measured matrix product.
 */
export interface TrainingRate {
  readonly imagesPerSecond: number;
  readonly from:
    | { readonly kind: 'runs'; readonly runs: number }
    | { readonly kind: 'otherRuns'; readonly runs: number; readonly backbone: string; readonly inputSize: number }
    | { readonly kind: 'machine'; readonly gigaflops: number; readonly device: 'cpu' | 'cuda' };
}
/** What a start would take, and what that rests on. */
export interface StartEstimate {
  readonly runs: number;
  readonly runsDone: number;
  readonly faces: { readonly from: FacesFrom; readonly people: number; readonly trainImages: number } | null;
  /** Images that the runs left would take through the network, all epochs. */
  readonly imagesLeft: number | null;
  /**
   * How fast a run trains and what tells it: of arms that differ the least sure, of those the slowest. Null where
   * nothing tells.
   */
  readonly rate: TrainingRate | null;
  /** Whether the speed of this machine would tell, but is not measured yet. */
  readonly unmeasured: boolean;
  /** Seconds of training left with val after each epoch, without preparing and judging. */
  readonly seconds: number | null;
  /**
   * Estimated from the shapes of the largest arm's network and head: weights, gradients, the optimiser's state, and the
   * values of one batch with their gradients. TensorFlow itself comes on top.
   */
  readonly memoryBytes: number;
  /** What the start would write: demo pictures, prepared faces and the files of the runs left. At least this much. */
  readonly diskBytes: number;
  /** What this machine has; the free disk is null where the file system does not say. */
  readonly machine: { readonly memoryBytes: number; readonly freeDiskBytes: number | null };
}
