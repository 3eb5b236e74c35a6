import { randomStream } from '../../src-shared/maths/random.ts';
import { valRate } from '../../src-shared/primaryRate.ts';
import type { LabelledImages } from './inferenceBatches.ts';

/** Why val identification cannot choose, with what to do. */
export const noValPairs =
  'The people held out for val have too few pictures to measure identification on: two people, of whom one has two ' +
  'pictures, are the least. Raise split.valPeople, or choose evaluation.select: accuracy.';

/** The pairs of val stay below 125,000, so that an epoch waits a fraction of a second for them. */
const mostImages = 500;

/** How many pairs the people held out for val make, and the false positive rate at which they are measured. */
export interface ValPairs {
  readonly positives: number;
  readonly negatives: number;
  readonly falsePositiveRate: number;
}

/** The pairs among labelled pictures, and the rate that they carry; null without a pair of each kind. */
export function valPairs(labels: ArrayLike<number>, falsePositiveRates: readonly number[]): ValPairs | null {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const pairs = (count: number) => (count * (count - 1)) / 2;
  const positives = [...counts.values()].reduce((sum, count) => sum + pairs(count), 0);
  const negatives = pairs(labels.length) - positives;
  const falsePositiveRate = valRate(falsePositiveRates, negatives);
  return positives === 0 || falsePositiveRate === null ? null : { positives, negatives, falsePositiveRate };
}

/**
 * The pictures that val identification is measured on: all of the people held out for val, or those of as many people
 * drawn by the seed as have about 500 pictures together.
 */
export function measuredValPeople({ indexes, labels }: LabelledImages, seed: number): LabelledImages {
  if (indexes.length <= mostImages) return { indexes, labels };
  const places = new Map<number, number[]>();
  labels.forEach((label, place) => places.set(label, [...(places.get(label) ?? []), place]));
  const order = randomStream(seed, 'val people').shuffle([...places.keys()]);
  const kept = order.flatMap((label) => places.get(label)!).slice(0, mostImages);
  return { indexes: kept.map((place) => indexes[place]!), labels: Int32Array.from(kept, (place) => labels[place]!) };
}
