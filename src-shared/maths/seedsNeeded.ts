import { gammaln } from 'simple-statistics';
import { normalProbability, normalQuantile } from './normalDistribution.ts';
import { studentCentralQuantile } from './studentDistribution.ts';

/**
 * Power of a two-sided paired t test: the chance that noncentral t, with noncentrality effect √n, exceeds the critical
 * value, integrated over the χ distribution of the spread by Simpson's rule.
 */
export function pairedPower(effect: number, pairs: number, significance: number): number {
  const degrees = pairs - 1;
  const critical = studentCentralQuantile(1 - significance, degrees);
  const shift = Math.abs(effect) * Math.sqrt(pairs);
  const logFactor = Math.log(2) + (degrees / 2) * Math.log(degrees / 2) - gammaln(degrees / 2);
  const exceeds = (spread: number) => {
    if (spread === 0) return degrees === 1 ? Math.exp(logFactor) : 0;
    const density = Math.exp(logFactor + (degrees - 1) * Math.log(spread) - (degrees * spread ** 2) / 2);
    return density * (normalProbability(shift - critical * spread) + normalProbability(-shift - critical * spread));
  };
  const reach = 10 / Math.sqrt(2 * degrees); // ten standard deviations of the spread about 1
  const from = Math.max(0, 1 - reach);
  const to = 1 + reach;
  const steps = degrees < 5 ? 400 : 100;
  const width = (to - from) / steps;
  let sum = exceeds(from) + exceeds(to);
  for (let step = 1; step < steps; step++) sum += (step % 2 === 1 ? 4 : 2) * exceeds(from + step * width);
  return (sum * width) / 3;
}

/**
 * The fewest pairs with which a paired t test finds an effect d_z with a power of 0.8; null where even `most` pairs
 * would not do.
 */
export function seedsNeeded(effect: number, significance: number, most = 1000): number | null {
  // What would do if the spread were known is a little too few: the walk starts there.
  const known = ((normalQuantile(1 - significance / 2) + normalQuantile(0.8)) / effect) ** 2;
  if (!(known <= most)) return null;
  for (let pairs = Math.max(2, Math.floor(known)); pairs <= most; pairs++)
    if (pairedPower(effect, pairs, significance) >= 0.8) return pairs;
  return null;
}

/** A range of numbers of seeds; `high` is null where a thousand would not do. */
export interface SeedRange {
  readonly low: number;
  readonly high: number | null;
}

/** With p at or above this, chance alone would name a number too often: it does in this share of cases. */
export const chanceP = 0.1;
const quartile = 0.6744897501960817; // of the standard normal distribution

/**
 * How many more pairs a paired t test needs for a power of 0.8, over the middle half of the effects that fit the pairs
 * (d_z with the standard error √(1/n + d²/2n); Hedges and Olkin 1985, equation 5.10). Null below three pairs, where p
 * is above chanceP, and where even the largest of these effects would need more than a thousand.
 */
export function moreSeeds(
  {
    effectSize,
    pairs,
    studentP,
  }: { readonly effectSize: number | null; readonly pairs: number; readonly studentP: number | null },
  significance: number,
): SeedRange | null {
  if (effectSize === null || studentP === null || studentP >= chanceP) return null;
  const effect = Math.abs(effectSize);
  const reach = quartile * Math.sqrt(1 / pairs + effect ** 2 / (2 * pairs));
  const more = (size: number): number | null => {
    const needed = size > 0 ? seedsNeeded(size, significance) : null;
    return needed === null ? null : Math.max(1, needed - pairs);
  };
  const low = more(effect + reach);
  return low === null ? null : { low, high: more(effect - reach) };
}
