import { wilsonInterval, type Interval } from './statistics.ts';

export interface IdentificationRate {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
  /** Similarity that exactly the allowed negatives exceed, or fewer where negatives tie. */
  readonly threshold: number;
  readonly positives: number;
  readonly negatives: number;
  readonly allowedFalsePositives: number;
  readonly interval: Interval;
  /** Whether the negatives allow at least one false positive at this rate. */
  readonly carried: boolean;
}

/** TPR at each FPR: the threshold is the similarity that floor(FPR x negatives) negatives exceed, TPR the share of positives above it (REFERENCE, identification rate). */
export function identificationRates(positives: Float32Array | Float64Array, negatives: Float32Array | Float64Array, falsePositiveRates: readonly number[]): IdentificationRate[] {
  const descending = negatives.slice().sort().reverse();
  const sortedPositives = positives.slice().sort();
  return falsePositiveRates.map((falsePositiveRate) => {
    // The small addend keeps 0.1 x 30 from becoming 2.
    const allowed = Math.floor(falsePositiveRate * negatives.length + 1e-9);
    const threshold = descending[allowed] ?? Number.NEGATIVE_INFINITY;
    const above = sortedPositives.length - firstAbove(sortedPositives, threshold);
    return {
      falsePositiveRate, threshold, truePositiveRate: positives.length === 0 ? 0 : above / positives.length, positives: positives.length, negatives: negatives.length,
      allowedFalsePositives: allowed, interval: wilsonInterval(above, positives.length), carried: allowed >= 1,
    };
  });
}

function firstAbove(sorted: Float32Array | Float64Array, threshold: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) > threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** TPR at one FPR; for several, identificationRates sorts only once. */
export function truePositiveRateAt(positives: Float32Array | Float64Array, negatives: Float32Array | Float64Array, falsePositiveRate: number): IdentificationRate {
  return identificationRates(positives, negatives, [falsePositiveRate])[0]!;
}
