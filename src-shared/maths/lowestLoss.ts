/**
 * The lowest cross-entropy that logits of scale s reach with n classes at perfect separation:
 * ln(1 + (n - 1) e^{-s n / (n - 1)}) (arXiv 1704.06369, proposition 2).
 */
export const lowestLoss = (scale: number, classes: number): number =>
  Math.log1p((classes - 1) * Math.exp((-scale * classes) / Math.max(1, classes - 1)));
