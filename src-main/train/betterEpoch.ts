/** What val says about an epoch. The loss of the best epoch is null in checkpoints that did not keep it. */
export interface ValResult {
  readonly accuracy: number;
  readonly loss: number | null;
}

/**
 * Whether an epoch is better than the best so far: a higher val accuracy, or the same accuracy and a lower val loss, as
 * happens once val is solved. Ties go to the earlier epoch.
 */
export const isBetterEpoch = (epoch: ValResult, best: ValResult): boolean =>
  epoch.accuracy > best.accuracy ||
  (epoch.accuracy === best.accuracy && epoch.loss !== null && best.loss !== null && epoch.loss < best.loss);
