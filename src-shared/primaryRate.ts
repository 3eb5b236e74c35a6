import { allowedFalsePositives } from './maths/identificationRate.ts';

/** A rate that fewer negatives decide varies too much to carry a choice or a verdict. */
export const fewestNegatives = 30;

/** The preferred rate among those that enough negatives carry: 0.01, else the lowest. Undefined if there is none. */
export function primaryRate(steady: readonly number[]): number | undefined {
  return steady.includes(0.01) ? 0.01 : [...steady].sort((a, b) => b - a).at(-1);
}

/**
 * The false positive rate at which val identification is measured: of the plan's rates, the one that a verdict would
 * rest on. Where no rate has enough negatives, the highest that lets one through; null where there is none.
 */
export function valRate(falsePositiveRates: readonly number[], negatives: number): number | null {
  const lets = (least: number) =>
    falsePositiveRates.filter((rate) => allowedFalsePositives(rate, negatives) >= least).sort((a, b) => b - a);
  return primaryRate(lets(fewestNegatives)) ?? lets(1)[0] ?? null;
}
