import { normalProbability, normalQuantile } from './normalDistribution.ts';
import { randomStream } from './random.ts';
import { mean, type Interval } from './statistics.ts';
import { studentCentralQuantile } from './studentDistribution.ts';

/**
 * Bias-corrected and accelerated 95 % bootstrap interval of a mean (Efron 1987; Efron and Tibshirani 1993, equations
 * 14.9 to 14.15), seeded. Null where all values are equal.
 *
 * With few values the interval is too short. `expanded` therefore replaces its normal quantiles by √(n/(n−1)) t(n−1)
 * (Hesterberg 2015, section 4.2.1).
 */
export function bootstrapInterval(
  values: readonly number[],
  {
    seed,
    resamples = 10_000,
    expanded = true,
  }: { readonly seed: number; readonly resamples?: number; readonly expanded?: boolean },
): Interval | null {
  const n = values.length;
  if (n < 2 || Math.min(...values) === Math.max(...values)) return null;
  const random = randomStream(seed, 'bootstrap');
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < n; draw++) sum += values[random.integer(n)] as number;
    return sum / n;
  }).sort();
  const observed = mean(values);
  // Resampled means that tie with the observed one count half; rounding makes ties inexact.
  const tie = 1e-12 * Math.max(...values.map(Math.abs));
  const below = means.filter((value) => value < observed - tie).length;
  const tied = means.filter((value) => value >= observed - tie && value <= observed + tie).length;
  const bias = normalQuantile((below + tied / 2) / resamples);
  const pulls = values.map((value) => value - observed); // The jackknife's means, up to a factor.
  const acceleration =
    pulls.reduce((sum, pull) => sum + pull ** 3, 0) / (6 * pulls.reduce((sum, pull) => sum + pull ** 2, 0) ** 1.5);
  const reach = expanded ? Math.sqrt(n / (n - 1)) * studentCentralQuantile(0.95, n - 1) : normalQuantile(0.975);
  const at = (z: number): number => {
    const shifted = bias + z;
    const place = normalProbability(bias + shifted / Math.max(1 - acceleration * shifted, 1e-9)) * (resamples - 1);
    const before = means[Math.floor(place)] as number;
    const after = means[Math.ceil(place)] as number;
    return before + (after - before) * (place - Math.floor(place));
  };
  return { low: at(-reach), high: at(reach) };
}
