import { randomStream } from './random.ts';

const mostEnumerated = 20;
const draws = 100_000;

/** The smallest two-sided p that the exact sign-flip test can give for n pairs: 2 of the 2^n patterns of signs. */
export const smallestSignFlipP = (pairs: number): number => 2 ** (1 - pairs);

/**
 * Two-sided p of the sign-flip (permutation) test that paired differences are symmetric about 0 (Fisher 1935, section
 * 21): the share of all patterns of signs whose sum is at least as far from 0. Exact up to 20 pairs; beyond, 100,000
 * seeded draws with the observed pattern counted in (Phipson and Smyth 2010, equation 2).
 */
export function signFlipTest(differences: readonly number[], seed: number): number {
  const n = differences.length;
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  const limit = observed - 1e-12 * differences.reduce((sum, value) => sum + Math.abs(value), 0);
  if (n > mostEnumerated) {
    const random = randomStream(seed, 'sign flips');
    let extreme = 1;
    for (let draw = 0; draw < draws; draw++)
      if (Math.abs(differences.reduce((sum, value) => sum + (random.next() < 0.5 ? -value : value), 0)) >= limit)
        extreme++;
    return extreme / (draws + 1);
  }
  // A Gray code changes one sign at a time; the first keeps its sign, since a pattern and its opposite are equally far
  // from 0.
  const signed = [...differences];
  let sum = signed.reduce((total, value) => total + value, 0);
  let extreme = 0;
  const patterns = 2 ** Math.max(0, n - 1);
  for (let pattern = 1; pattern <= patterns; pattern++) {
    if (Math.abs(sum) >= limit) extreme++;
    const place = n - 1 - (31 - Math.clz32(pattern & -pattern));
    if (pattern < patterns) {
      sum -= 2 * (signed[place] as number);
      signed[place] = -(signed[place] as number);
    }
  }
  return extreme / patterns;
}
