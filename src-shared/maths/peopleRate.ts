import type { IdentificationRate } from './identificationRate.ts';
import { wilsonInterval, type Interval } from './statistics.ts';

/** Similarities of pairs with the weight of each pair. */
export interface WeighedPairs {
  readonly similarities: Float32Array | Float64Array;
  readonly weights: Float64Array;
}
/** Pairs of one person each, with the number of the person. */
export interface OwnPairs {
  readonly similarities: Float32Array | Float64Array;
  readonly people: Int32Array;
}

/** A threshold, and how many negatives are above it. */
export interface WeighedThreshold {
  readonly threshold: number;
  readonly above: number;
}

/** The weight of negatives that a false positive rate lets through; the small addend keeps 0.1 x 30 from becoming 2. */
export const allowedWeight = (falsePositiveRate: number, whole: number): number =>
  falsePositiveRate * whole * (1 + 1e-9);

/**
 * The similarity that negatives of at most the allowed weight exceed. `heavier` are the
 * weight and the number of negatives above all that are given.
 */
export function weighedThreshold(
  { similarities, weights }: WeighedPairs,
  allowed: number,
  heavier: { readonly weight: number; readonly count: number } = { weight: 0, count: 0 },
): WeighedThreshold {
  const falling = Array.from(similarities.keys()).sort((a, b) => similarities[b]! - similarities[a]!);
  let { weight, count } = heavier;
  for (const place of falling) {
    if (weight + weights[place]! > allowed) return { threshold: similarities[place]!, above: count };
    weight += weights[place]!;
    count++;
  }
  return { threshold: Number.NEGATIVE_INFINITY, above: count };
}

/**
 * The mean over people of the share of their own pairs above a threshold: each person counts once, however many
 * pictures there are of them. The interval is Wilson's for as many independent trials as the spread over people
 * stands for (Korn and Graubard 1998).
 */
export function peopleRate(
  { similarities, people }: OwnPairs,
  { threshold, above }: WeighedThreshold,
  { falsePositiveRate, negatives }: { readonly falsePositiveRate: number; readonly negatives: number },
): IdentificationRate {
  const found = new Map<number, { pairs: number; above: number }>();
  for (const [pair, person] of people.entries()) {
    const own = found.get(person) ?? { pairs: 0, above: 0 };
    own.pairs++;
    if (similarities[pair]! > threshold) own.above++;
    found.set(person, own);
  }
  const shares = [...found.values()].map((own) => own.above / own.pairs);
  const mean = shares.reduce((sum, share) => sum + share, 0) / (shares.length || 1);
  return {
    falsePositiveRate,
    threshold,
    truePositiveRate: mean,
    positives: people.length,
    negatives,
    allowedFalsePositives: above,
    interval: intervalOverPeople(shares, mean),
    carried: above >= 1,
  };
}

function intervalOverPeople(shares: readonly number[], mean: number): Interval {
  const people = shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, people - 1) / people;
  // Shares that are all 0 or all 1 have no spread: each person is one trial.
  const trials = variance > 0 ? (mean * (1 - mean)) / variance : people;
  return wilsonInterval(mean * trials, trials);
}

/** TPR at each FPR with equal weight for people, over pairs that are all kept. */
export function peopleRates(
  positives: OwnPairs,
  negatives: WeighedPairs,
  falsePositiveRates: readonly number[],
): IdentificationRate[] {
  const whole = negatives.weights.reduce((sum, weight) => sum + weight, 0);
  return falsePositiveRates.map((falsePositiveRate) =>
    peopleRate(positives, weighedThreshold(negatives, allowedWeight(falsePositiveRate, whole)), {
      falsePositiveRate,
      negatives: negatives.weights.length,
    }),
  );
}
