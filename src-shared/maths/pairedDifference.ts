import { ArcBenchError } from '../errors.ts';
import { bootstrapInterval } from './bootstrapInterval.ts';
import { effectSize } from './effectSize.ts';
import { signFlipTest } from './signFlipTest.ts';
import { mean, standardDeviation, type Interval } from './statistics.ts';
import { studentCentralProbability, studentCentralQuantile } from './studentDistribution.ts';

/**
 * From this number of pairs on the interval is a bootstrap interval. With 5 pairs even the whole range of resampled
 * means would hold the true one in 93.75 % of cases at most; up to 11 it is wider than Student's, and a verdict that
 * needs it would be found less often with a seed more (`npm run simulate:verdict`).
 */
export const fewestBootstrapPairs = 12;

export interface PairedDifference {
  readonly pairs: number;
  readonly differences: readonly number[];
  /** Of b − a. */
  readonly mean: number;
  readonly spread: number | null;
  /** 95 %: Student's t below fewestBootstrapPairs, BCa from there on; null without two differences that differ. */
  readonly interval: Interval | null;
  readonly intervalBy: 'student' | 'bootstrap';
  /** d_z with Hedges' correction. */
  readonly effectSize: number | null;
  /** Two-sided p of the paired t test. */
  readonly studentP: number | null;
  /** Two-sided p of the exact sign-flip test. */
  readonly signFlipP: number | null;
}

/** What pairs (a, b) say about b − a; throws 'failed' where the lists differ in length or are empty. */
export function pairedDifference(a: readonly number[], b: readonly number[], seed: number): PairedDifference {
  if (a.length !== b.length || a.length === 0)
    throw new ArcBenchError(
      'failed',
      `A paired difference needs two lists of one length, and got ${a.length} and ${b.length} values: give ` +
        'both arms the same seeds.',
    );
  const differences = b.map((value, index) => value - (a[index] as number));
  const pairs = differences.length;
  const centre = mean(differences);
  const intervalBy = pairs < fewestBootstrapPairs ? 'student' : 'bootstrap';
  const spread = pairs < 2 ? null : standardDeviation(differences);
  const signFlipP = pairs < 2 ? null : signFlipTest(differences, seed);
  // Differences that are equal but for rounding have no spread to judge by.
  if (spread === null || spread <= 1e-12 * Math.max(...a.map(Math.abs), ...b.map(Math.abs)))
    return {
      pairs,
      differences,
      mean: centre,
      spread: spread === null ? null : 0,
      interval: null,
      intervalBy,
      effectSize: null,
      studentP: null,
      signFlipP,
    };
  const error = spread / Math.sqrt(pairs);
  const reach = studentCentralQuantile(0.95, pairs - 1) * error;
  return {
    pairs,
    differences,
    mean: centre,
    spread,
    intervalBy,
    signFlipP,
    effectSize: effectSize(differences),
    studentP: 1 - studentCentralProbability(Math.abs(centre) / error, pairs - 1),
    interval:
      intervalBy === 'student'
        ? { low: centre - reach, high: centre + reach }
        : bootstrapInterval(differences, { seed }),
  };
}
