import type { RocCurve } from './rocCurve.ts';

export interface DrawnCurve {
  readonly falsePositiveRates: readonly number[];
  readonly truePositiveRates: readonly number[];
}

/**
 * At most `points` corners of a ROC curve for drawing, spread evenly over the logarithm of the false positive rate,
 * both ends kept.
 */
export function thinRoc({ falsePositiveRates, truePositiveRates }: RocCurve, points = 200): DrawnCurve {
  const last = falsePositiveRates.length - 1;
  const lowest = falsePositiveRates.find((rate) => rate > 0) ?? 1;
  const taken = new Set([0, last]);
  let index = 0;
  for (let step = 0; step < points - 2; step++) {
    const rate = lowest ** (1 - step / Math.max(1, points - 3));
    while (index < last && falsePositiveRates[index + 1]! <= rate) index++;
    taken.add(index);
  }
  const kept = [...taken].sort((a, b) => a - b);
  return {
    falsePositiveRates: kept.map((at) => falsePositiveRates[at]!),
    truePositiveRates: kept.map((at) => truePositiveRates[at]!),
  };
}
