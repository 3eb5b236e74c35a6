import { normalProbability, normalQuantile } from './normalDistribution.ts';
import { studentCentralProbability } from './studentDistribution.ts';

/** The first look of a duel that stops by itself: verdicts from fewer pairs are preliminary. */
export const firstLook = 5;

/** After how many pairs a duel of at most `most` is looked at. */
export const looksOf = (most: number): number[] =>
  Array.from({ length: Math.max(0, most - firstLook + 1) }, (_, at) => firstLook + at);

/**
 * The error spent up to a share of the information: on each side 2 − 2Φ(z/√share) with z the quantile of alpha / 4,
 * little at first, as O'Brien and Fleming's bounds (Lan and DeMets 1983, Biometrika 70).
 */
export const spentAlpha = (share: number, alpha: number): number =>
  share >= 1 ? alpha : 4 * normalProbability(normalQuantile(alpha / 4) / Math.sqrt(share));

const cells = 160; // between the two bounds

/** P(angle ≤ φ) where √k tan(angle) is Student's t with k degrees of freedom. */
function angleProbability(angle: number, degrees: number): number {
  if (angle <= -Math.PI / 2) return 0;
  if (angle >= Math.PI / 2) return 1;
  const central = studentCentralProbability(Math.sqrt(degrees) * Math.tan(Math.abs(angle)), degrees);
  return (1 + Math.sign(angle) * central) / 2;
}

/**
 * P(next > limit | now) of v = sum / √(sum of squares) when one more normal observation without an effect comes to k
 * of them: v becomes v cos φ + sin φ, where √k tan φ is Student's t with k degrees of freedom and independent of v.
 */
function exceeds(limit: number, now: number, observations: number): number {
  const radius = Math.sqrt(1 + now * now);
  if (limit >= radius) return 0;
  if (limit <= -radius) return 1;
  const shift = Math.atan(now);
  const turn = Math.asin(limit / radius);
  return angleProbability(Math.PI - turn - shift, observations) - angleProbability(turn - shift, observations);
}

/** v of n observations as t, and t as v: t² = (n − 1) v² / (n − v²). */
const asT = (v: number, n: number): number => v * Math.sqrt((n - 1) / (n - v * v));
const asV = (t: number, n: number): number => t * Math.sqrt(n / (n - 1 + t * t));

/** The v above 0 at which a falling chance comes down to `spend`. */
function boundWhere(chance: (bound: number) => number, spend: number, most: number): number {
  let low = 0;
  let high = most;
  for (let halving = 0; halving < 45; halving++) {
    const middle = (low + high) / 2;
    if (chance(middle) > spend) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The bounds of |t| at each look of a duel of at most `most` pairs, such that the chance to cross any of them without
 * an effect is alpha. The recursion is Armitage, McPherson and Rowe's (1969), done for t itself and not for z, whose
 * bounds let through up to 6 % with so few pairs.
 */
export function sequentialBounds(most: number, alpha: number): number[] {
  const bounds: number[] = [];
  // Where v lies without having crossed: the middle of each cell, and the chance of it.
  let middles: readonly number[] = [];
  let masses: readonly number[] = [];
  let before = 0;
  for (const look of looksOf(most)) {
    const spent = spentAlpha(look / most, alpha);
    const spend = spent - before;
    before = spent;
    // The chance to lie above a v, without having crossed before.
    const above = (v: number): number =>
      look === firstLook
        ? (1 - Math.sign(v) * studentCentralProbability(Math.abs(asT(v, look)), look - 1)) / 2
        : middles.reduce((sum, now, at) => sum + (masses[at] as number) * exceeds(v, now, look - 1), 0);
    const bound = boundWhere((v) => 2 * above(v), spend, Math.sqrt(look) * (1 - 1e-12));
    bounds.push(asT(bound, look));
    // The cells lie symmetrically about 0, and so does the chance: one half is enough.
    const width = (2 * bound) / cells;
    const edges = Array.from({ length: cells / 2 + 1 }, (_, at) => above(at * width));
    const upper = edges.slice(1).map((edge, at) => (edges[at] as number) - edge);
    middles = Array.from({ length: cells }, (_, at) => -bound + (at + 0.5) * width);
    masses = [...[...upper].reverse(), ...upper];
  }
  return bounds;
}

const remembered = new Map<string, readonly number[]>();

function boundsOf(most: number, alpha: number): readonly number[] {
  const key = `${most} ${alpha}`;
  const known = remembered.get(key) ?? sequentialBounds(most, alpha);
  remembered.set(key, known);
  return known;
}

/** The bound of |t| after `pairs` of at most `most` pairs; infinite where there is no look. */
export const sequentialT = (pairs: number, most: number, alpha: number): number =>
  boundsOf(most, alpha)[pairs - firstLook] ?? Infinity;

const levels = [0.9, 0.5, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.0025, 0.001, 1e-4, 1e-5, 1e-6, 1e-8];

/**
 * About the smallest alpha at which |t| would have crossed its bound after `pairs` of at most `most` pairs, between
 * the bounds of some levels; 1 without a look.
 */
export function sequentialP(t: number, pairs: number, most: number): number {
  if (!looksOf(most).includes(pairs)) return 1;
  const known = levels.map((level) => ({ level, bound: asV(sequentialT(pairs, most, level), pairs) }));
  const v = asV(Math.abs(t), pairs);
  const above = known.findIndex(({ bound }) => bound > v);
  if (above === 0) return 1;
  const from = known.at(above - 1);
  const to = known.at(above);
  if (!from || !to || above === -1) return levels.at(-1) ?? 0;
  const share = (v - from.bound) / (to.bound - from.bound);
  return Math.exp(Math.log(from.level) + share * (Math.log(to.level) - Math.log(from.level)));
}
