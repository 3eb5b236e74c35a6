/** Counts of values in equal bins from low to high; values outside fall into the first or last bin. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

/** A histogram that grows value by value and keeps their mean and count. */
export function histogram({ low, high, bins }: { readonly low: number; readonly high: number; readonly bins: number }) {
  const counts = new Float64Array(bins);
  const perUnit = bins / (high - low);
  let sum = 0;
  let count = 0;
  return {
    add(value: number): void {
      counts[Math.min(bins - 1, Math.max(0, Math.floor((value - low) * perUnit)))]!++;
      sum += value;
      count++;
    },
    /** Null where nothing was added. */
    result: (): Spread | null =>
      count === 0 ? null : { count, mean: sum / count, histogram: { low, high, counts: [...counts] } },
  };
}

export interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly histogram: Histogram;
}

/** Angles in degrees, 2 degrees a bin. */
export const angleHistogram = () => histogram({ low: 0, high: 180, bins: 90 });

/** The angle in degrees of a cosine, which rounding may have carried beyond ±1. */
export const degreesOf = (cosine: number): number => (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
