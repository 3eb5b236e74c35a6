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

/**
 * TPR at each FPR. The threshold is the similarity that floor(FPR x negatives) negatives exceed. TPR is the share of
 * positives above it: what a system that allows this share of false alarms would find.
 */
export function identificationRates(
  positives: Float32Array | Float64Array,
  negatives: Float32Array | Float64Array,
  falsePositiveRates: readonly number[],
): IdentificationRate[] {
  const descending = negatives.slice().sort().reverse();
  const sortedPositives = positives.slice().sort();
  return falsePositiveRates.map((falsePositiveRate) =>
    rateAbove(descending[allowedFalsePositives(falsePositiveRate, negatives.length)] ?? Number.NEGATIVE_INFINITY, {
      falsePositiveRate,
      negatives: negatives.length,
      sortedPositives,
    }),
  );
}

/** How many negatives an FPR lets through; the small addend keeps 0.1 x 30 from becoming 2. */
export const allowedFalsePositives = (falsePositiveRate: number, negatives: number): number =>
  Math.floor(falsePositiveRate * negatives + 1e-9);

/** The share of positives, rising, above the threshold of an FPR. */
export function rateAbove(
  threshold: number,
  {
    falsePositiveRate,
    negatives,
    sortedPositives,
  }: {
    readonly falsePositiveRate: number;
    readonly negatives: number;
    readonly sortedPositives: Float32Array | Float64Array;
  },
): IdentificationRate {
  const positives = sortedPositives.length;
  const allowed = allowedFalsePositives(falsePositiveRate, negatives);
  const above = positives - firstAbove(sortedPositives, threshold);
  return {
    falsePositiveRate,
    threshold,
    truePositiveRate: positives === 0 ? 0 : above / positives,
    positives,
    negatives,
    allowedFalsePositives: allowed,
    interval: wilsonInterval(above, positives),
    carried: allowed >= 1,
  };
}

function firstAbove(sorted: Float32Array | Float64Array, threshold: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) > threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** TPR at one FPR; for several, identificationRates sorts only once. */
export function truePositiveRateAt(
  positives: Float32Array | Float64Array,
  negatives: Float32Array | Float64Array,
  falsePositiveRate: number,
): IdentificationRate {
  return identificationRates(positives, negatives, [falsePositiveRate])[0]!;
}
