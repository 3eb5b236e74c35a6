import { ArcBenchError } from '../errors.ts';
import { randomStream } from './random.ts';

export interface Interval { readonly low: number; readonly high: number }

/** Wilson's 95 % interval of a share (Wilson 1927); 0 to 1 without trials. */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const z = 1.959963984540054;
  const share = successes / trials;
  const denominator = 1 + z ** 2 / trials;
  const centre = (share + z ** 2 / (2 * trials)) / denominator;
  const reach = (z / denominator) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) };
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample standard deviation (n - 1); NaN of fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Mean of b - a over pairs with its seeded percentile-bootstrap 95 % interval, null for fewer than two pairs. */
export function pairedDifference(a: readonly number[], b: readonly number[], seed: number): { mean: number; interval: Interval | null; n: number } {
  if (a.length !== b.length || a.length === 0) throw new ArcBenchError('failed', `A paired difference needs two lists of one length, and got ${a.length} and ${b.length} values: give both arms the same seeds.`);
  const differences = b.map((value, index) => value - (a[index] as number));
  if (differences.length < 2) return { mean: mean(differences), interval: null, n: differences.length };
  const random = randomStream(seed, 'bootstrap');
  const means = Float64Array.from({ length: 4000 }, () => mean(differences.map(() => differences[random.integer(differences.length)] as number))).sort();
  return { mean: mean(differences), interval: { low: means[99] as number, high: means[3899] as number }, n: differences.length };
}
