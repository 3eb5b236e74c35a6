/** What val says about an epoch. The loss of the best epoch is null in checkpoints that did not keep it. */
export interface ValResult {
  /** What the plan selects by, from 0 to 1: accuracy, or the identification rate of the people held out for val. */
  readonly score: number;
  readonly loss: number | null;
}

/**
 * Whether an epoch is better than the best so far: a higher val score, or the same score and a lower val loss, as
 * happens once val is solved. Ties go to the earlier epoch.
 */
export const isBetterEpoch = (epoch: ValResult, best: ValResult): boolean =>
  epoch.score > best.score ||
  (epoch.score === best.score && epoch.loss !== null && best.loss !== null && epoch.loss < best.loss);
