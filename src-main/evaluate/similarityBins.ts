const bins = 2 ** 16;
/** Bins of equal width over the cosines, from -1 to 1. */
export const similarityBins = bins;
export const binOf = (cosine: number): number => Math.min(bins - 1, Math.max(0, Math.floor(((cosine + 1) * bins) / 2)));

/** Cosines of rows whose length is 1 within rounding stay below this. */
const outermost = 1.01;

/** The cosines between which a bin lies. The outermost bins also hold what rounding has put beyond 1 and -1. */
export const edgesOfBin = (bin: number): { readonly low: number; readonly high: number } => ({
  low: bin === 0 ? -outermost : (2 * bin) / bins - 1,
  high: bin === bins - 1 ? outermost : (2 * (bin + 1)) / bins - 1,
});

/** Similarities at which pairs are counted by person for intervals. */
export const countedLevels = 240;

/**
 * The level that the pairs of each bin are above, from the weight of the negatives in each bin. Levels lie so that the
 * weight above them grows by equal factors: close together where few negatives are let through.
 */
export function levelsOfBins(weightOfBins: Float64Array, lightest: number): Uint16Array {
  const whole = weightOfBins.reduce((sum, weight) => sum + weight, 0);
  const levelOf = new Uint16Array(bins);
  let level = 0;
  let above = 0;
  for (let bin = bins - 1; bin >= 0; bin--) {
    levelOf[bin] = level;
    above += weightOfBins[bin]!;
    const isReached = () => above >= lightest * (whole / lightest) ** (level / (countedLevels - 1));
    while (level < countedLevels && isReached()) level++;
  }
  return levelOf;
}
