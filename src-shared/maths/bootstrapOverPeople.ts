import type { PairsByPerson } from './countPairs.ts';
import type { IdentificationRate } from './identificationRate.ts';
import { randomStream, type RandomStream } from './random.ts';
import { wilsonInterval, type Interval } from './statistics.ts';
import { studentCentralQuantile } from './studentDistribution.ts';

/** How many pairs a sample of people has, in all and above each level. */
export interface PairSample {
  readonly levels: number;
  readonly genuine: number;
  readonly impostors: number;
  readonly genuineAbove: (level: number) => number;
  readonly impostorsAbove: (level: number) => number;
}
/** A share that pairs are judged by, from 0 to 1. */
export type PairStatistic = (sample: PairSample) => number;

const replicates = 400; // The standard error of a standard error is then 3.5 %.

/**
 * The 95 % interval of a share over pairs, from a bootstrap over people: pairs of one person are not independent, so
 * people are drawn, not pairs. The groups are drawn apart from each other (two-way, as in Owen 2007, The pigeonhole
 * bootstrap). A pair of two people counts w1 + w2 - 1 times, where w is how often a person was drawn: the part of
 * w1 w2 that is linear in the draws. So the counts by person are enough, and no pair is visited twice.
 *
 * The replicates give the standard error. The interval is Student's on the logit scale, which keeps it within 0 to 1
 * and as skewed as shares near 0 or 1 are. Its degrees of freedom follow Satterthwaite: few, where few people carry the
 * errors. A share of 0 or 1 has no replicate that differs; its interval is Wilson's, with people as trials.
 */
export function bootstrapOverPeople(
  pairs: PairsByPerson,
  shares: readonly { readonly value: number; readonly statistic: PairStatistic }[],
  seed: number,
): Interval[] {
  const people = pairs.groups.reduce((sum, group) => sum + group, 0);
  const totals = totalsOf(pairs);
  const random = randomStream(seed, 'bootstrap over people');
  const judged = pairs.genuine.filter((count) => count > 0).length; // people with pairs of their own
  const drawn = shares.map(() => new Float64Array(replicates));
  const weights = new Float64Array(people);
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawPeople(weights, pairs.groups, random);
    const sample = sampleOf(pairs, weights, totals);
    shares.forEach(({ statistic }, place) => {
      drawn[place]![replicate] = statistic(sample);
    });
  }
  const withoutOne = leftOut(pairs, totals);
  return shares.map(({ value, statistic }, place) => {
    const error = Math.sqrt((variance(drawn[place]!) * judged) / Math.max(1, judged - 1));
    if (!(error > 0) || value <= 0 || value >= 1) return wilsonInterval(Math.round(value * judged), judged);
    return logitInterval(value, error, degreesOfFreedom(withoutOne.map(statistic), judged));
  });
}

/** Draws as many people of each group as it has; a weight is how often a person was drawn. */
function drawPeople(weights: Float64Array, groups: readonly number[], random: RandomStream): void {
  weights.fill(0);
  let first = 0;
  for (const group of groups) {
    for (let draw = 0; draw < group; draw++) weights[first + random.integer(group)]!++;
    first += group;
  }
}

/** Counts over all people: of all pairs, and of those above each level. A pair of two people counts once. */
interface Totals {
  readonly genuine: number;
  readonly impostors: number;
  readonly genuineAbove: Float64Array;
  readonly impostorsAbove: Float64Array;
}

function totalsOf({ genuine, genuineAbove, impostors, impostorsAbove, levels }: PairsByPerson): Totals {
  const people = genuine.length;
  const sum = (counts: Float64Array, row: number) => {
    let total = 0;
    for (let place = row * people; place < (row + 1) * people; place++) total += counts[place]!;
    return total;
  };
  return {
    genuine: sum(genuine, 0),
    impostors: sum(impostors, 0) / 2,
    genuineAbove: Float64Array.from({ length: levels }, (_, level) => sum(genuineAbove, level)),
    impostorsAbove: Float64Array.from({ length: levels }, (_, level) => sum(impostorsAbove, level) / 2),
  };
}

/** The pairs of a sample. What is above a level is added up when it is asked for. */
function sampleOf(pairs: PairsByPerson, weights: Float64Array, totals: Totals): PairSample {
  const { genuine, genuineAbove, impostors, impostorsAbove, levels } = pairs;
  const people = weights.length;
  const all = Int32Array.from(weights.keys());
  const drawn = all.filter((person) => weights[person]! > 0);
  const drawnWithPairs = drawn.filter((person) => genuine[person]! > 0);
  const sum = (counts: Float64Array, row: number, among: Int32Array) => {
    const first = row * people;
    let total = 0;
    for (const person of among) total += weights[person]! * counts[first + person]!;
    return total;
  };
  return {
    levels,
    genuine: sum(genuine, 0, drawnWithPairs),
    impostors: sum(impostors, 0, drawn) - totals.impostors,
    genuineAbove: (level) => sum(genuineAbove, level, drawnWithPairs),
    impostorsAbove: (level) => sum(impostorsAbove, level, drawn) - totals.impostorsAbove[level]!,
  };
}

/** A sample for each person with pairs of their own: everybody but them. */
function leftOut(pairs: PairsByPerson, totals: Totals): PairSample[] {
  const { genuine, genuineAbove, impostors, impostorsAbove, levels } = pairs;
  const people = genuine.length;
  return [...genuine.keys()]
    .filter((person) => genuine[person]! > 0)
    .map((person) => ({
      levels,
      genuine: totals.genuine - genuine[person]!,
      impostors: totals.impostors - impostors[person]!,
      genuineAbove: (level) => totals.genuineAbove[level]! - genuineAbove[level * people + person]!,
      impostorsAbove: (level) => totals.impostorsAbove[level]! - impostorsAbove[level * people + person]!,
    }));
}

function variance(values: Float64Array): number {
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/**
 * Satterthwaite's degrees of freedom of a variance that is the sum of squared contributions: n - 1 where they are
 * normal, fewer where a few of them are much larger than the others.
 */
function degreesOfFreedom(leavingOneOut: readonly number[], judged: number): number {
  const centre = leavingOneOut.reduce((sum, value) => sum + value, 0) / leavingOneOut.length;
  const squares = leavingOneOut.map((value) => (value - centre) ** 2);
  const sum = squares.reduce((total, square) => total + square, 0);
  const spread = squares.reduce((total, square) => total + square ** 2, 0) - sum ** 2 / squares.length;
  const degrees = spread > 0 ? Math.floor((2 * sum ** 2) / spread) : judged - 1;
  return Math.max(2, Math.min(judged - 1, degrees));
}

function logitInterval(value: number, error: number, degrees: number): Interval {
  const centre = Math.log(value / (1 - value));
  const reach = (studentCentralQuantile(0.95, degrees) * error) / (value * (1 - value));
  const share = (logit: number) => 1 / (1 + Math.exp(-logit));
  return { low: share(centre - reach), high: share(centre + reach) };
}

/** The true positive rate where a share of the impostor pairs is let through. */
export const truePositiveRateAt =
  (falsePositiveRate: number): PairStatistic =>
  (sample) => {
    const allowed = falsePositiveRate * sample.impostors;
    return crossing(sample, (level) => sample.impostorsAbove(level) - allowed).truePositiveRate;
  };

/** True positive rates with their intervals over people. */
export function withIntervals(
  rates: readonly IdentificationRate[],
  pairs: PairsByPerson,
  seed: number,
): IdentificationRate[] {
  const shares = rates.map(({ truePositiveRate, falsePositiveRate }) => ({
    value: truePositiveRate,
    statistic: truePositiveRateAt(falsePositiveRate),
  }));
  const intervals = bootstrapOverPeople(pairs, shares, seed);
  return rates.map((rate, place) => ({ ...rate, interval: intervals[place]! }));
}

/** The rate at which false positives and false negatives are equally frequent. */
export const equalErrorRateOf: PairStatistic = (sample) => {
  const falseNegatives = (level: number) => 1 - sample.genuineAbove(level) / sample.genuine;
  const gap = (level: number) => sample.impostorsAbove(level) / sample.impostors - falseNegatives(level);
  return 1 - crossing(sample, gap).truePositiveRate;
};

/** The area under the ROC curve, by trapezoids between the levels. */
export const areaUnderCurveOf: PairStatistic = (sample) => {
  const { levels, genuine, impostors } = sample;
  let doubled = 0;
  let before = { genuine: 0, impostors: 0 };
  for (let level = 0; level <= levels; level++) {
    const here =
      level === levels
        ? { genuine, impostors }
        : { genuine: sample.genuineAbove(level), impostors: sample.impostorsAbove(level) };
    doubled += (here.impostors - before.impostors) * (here.genuine + before.genuine);
    before = here;
  }
  return doubled / (2 * genuine * impostors);
};

/** The first place where a value that rises with the level passes 0, between two levels in proportion. */
function crossing(sample: PairSample, value: (level: number) => number): { readonly truePositiveRate: number } {
  let low = 0;
  let high = sample.levels - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) >= 0) high = middle;
    else low = middle + 1;
  }
  const rate = (level: number) => (level < 0 ? 0 : sample.genuineAbove(level) / sample.genuine);
  const after = value(low);
  const before = low === 0 ? after : value(low - 1);
  const part = before < 0 && after > before ? Math.min(1, -before / (after - before)) : 1;
  return { truePositiveRate: rate(low - 1) + part * (rate(low) - rate(low - 1)) };
}
