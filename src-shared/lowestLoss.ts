/**
 * The lowest loss that scale s allows with n classes, at perfect separation: ln(1 + (n − 1) e^(−s n / (n − 1))) (arXiv
 * 1704.06369, proposition 2).
 */
export const lowestLoss = (scale: number, classes: number): number =>
  Math.log1p((classes - 1) * Math.exp((-scale * classes) / (classes - 1)));

/** The scale with a given lowest loss: lowestLoss solved for s. */
export const scaleFor = (loss: number, classes: number): number =>
  ((classes - 1) / classes) * Math.log((classes - 1) / Math.expm1(loss));
