/** What val says of an epoch; the loss of the best so far is null in checkpoints that did not keep it. */
export interface ValResult {
  readonly accuracy: number;
  readonly loss: number | null;
}

/**
 * Whether an epoch is better than the best so far: by val accuracy, and of equal ones, as where val is solved, by the
 * lower val loss; the earlier one where both are equal.
 */
export const isBetterEpoch = (epoch: ValResult, best: ValResult): boolean =>
  epoch.accuracy > best.accuracy ||
  (epoch.accuracy === best.accuracy && epoch.loss !== null && best.loss !== null && epoch.loss < best.loss);
