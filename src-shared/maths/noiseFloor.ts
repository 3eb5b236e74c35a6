import { chiSquaredQuantile } from './chiSquaredDistribution.ts';
import { standardDeviation, type Interval } from './statistics.ts';

export interface NoiseFloor {
  readonly spread: number;
  readonly interval: Interval;
  readonly runs: number;
}

/**
 * Standard deviation of one arm over its seeds with the 95 % interval (n − 1) s² / χ² of normally distributed values;
 * null for fewer than two runs.
 */
export function noiseFloor(values: readonly number[]): NoiseFloor | null {
  const degrees = values.length - 1;
  if (degrees < 1) return null;
  const spread = standardDeviation(values);
  const bound = (share: number) => spread * Math.sqrt(degrees / chiSquaredQuantile(share, degrees));
  return { spread, interval: { low: bound(0.975), high: bound(0.025) }, runs: values.length };
}
