import type { IdentificationByPeople } from '../../src-shared/evaluation.ts';
import { withIntervals } from '../../src-shared/maths/bootstrapOverPeople.ts';
import { countPairs } from '../../src-shared/maths/countPairs.ts';
import { allowedWeight, peopleRate, weighedThreshold } from '../../src-shared/maths/peopleRate.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';
import { countedPeople } from './countedPeople.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { binOf, countedLevels, levelsOfBins, similarityBins } from './similarityBins.ts';

type Embedded = Pick<EmbeddedImages, 'units' | 'labels'>;
interface ByPeopleInput {
  readonly query: Embedded;
  readonly distractors: Embedded;
  readonly size: number;
  /** Seed of the bootstrap over people. */
  readonly seed: number;
}

/**
 * The identification rate with equal weight for people: a negative pair of two people weighs 1 / (n m) if they have n
 * and m pictures, so that each pair of people weighs 1, and TPR is the mean over people. Negatives are weighed by bins,
 * as identifyPairs counts them; a second pass over the bins that hold the thresholds makes them exact. Null without a
 * pair of each kind.
 */
export function identifyByPeople(
  input: ByPeopleInput,
  falsePositiveRates: readonly number[],
): IdentificationByPeople | null {
  const weights = { query: shareOfPerson(input.query.labels), distractors: shareOfPerson(input.distractors.labels) };
  const own: { similarities: number[]; people: number[] } = { similarities: [], people: [] };
  const counts = new Float64Array(similarityBins);
  const weightOf = new Float64Array(similarityBins);
  eachPair(input, weights, {
    positive: (cosine, person) => {
      own.similarities.push(cosine);
      own.people.push(person);
    },
    negative: (cosine, weight) => {
      const bin = binOf(cosine);
      counts[bin]!++;
      weightOf[bin]! += weight;
    },
  });
  const positives = { similarities: Float32Array.from(own.similarities), people: Int32Array.from(own.people) };
  const negatives = counts.reduce((sum, count) => sum + count, 0);
  if (positives.people.length === 0 || negatives === 0) return null;

  const whole = weightOf.reduce((sum, weight) => sum + weight, 0);
  const places = falsePositiveRates.map((falsePositiveRate) => {
    const allowed = allowedWeight(falsePositiveRate, whole);
    const heavier = { weight: 0, count: 0 };
    let bin = similarityBins - 1;
    for (; bin > 0 && heavier.weight + weightOf[bin]! <= allowed; bin--) {
      heavier.weight += weightOf[bin]!;
      heavier.count += counts[bin]!;
    }
    return { falsePositiveRate, allowed, bin, heavier };
  });
  const kept = new Map(places.map(({ bin }) => [bin, { similarities: [] as number[], weights: [] as number[] }]));
  const people = countedPeople(input.query.labels, input.distractors.labels);
  const levelOf = levelsOfBins(weightOf, whole / negatives);
  const counter = countPairs(people.groups, countedLevels);
  const pairsOf = countsOf(positives.people);
  eachPair(input, weights, {
    positive: (cosine, person, row) =>
      counter.genuine(people.of[row]!, levelOf[binOf(cosine)]!, 1 / pairsOf.get(person)!),
    negative: (cosine, weight, rows) => {
      const bin = binOf(cosine);
      counter.impostor([people.of[rows[0]]!, people.of[rows[1]]!], levelOf[bin]!, weight);
      const own = kept.get(bin);
      own?.similarities.push(cosine);
      own?.weights.push(weight);
    },
  });
  const rates = places.map(({ falsePositiveRate, allowed, bin, heavier }) => {
    const { similarities = [], weights: ofBin = [] } = kept.get(bin) ?? {};
    const inBin = { similarities: Float32Array.from(similarities), weights: Float64Array.from(ofBin) };
    const threshold = weighedThreshold(inBin, allowed, heavier);
    return peopleRate(positives, threshold, { falsePositiveRate, negatives });
  });
  return {
    rates: withIntervals(rates, counter.result(), input.seed),
    largest: largestPerson(input, { positives: positives.people.length, negatives }),
  };
}

/** For each row, one over the number of its person's rows. */
function shareOfPerson(labels: Int32Array): Float64Array {
  const counts = countsOf(labels);
  return Float64Array.from(labels, (label) => 1 / counts.get(label)!);
}

function countsOf(labels: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

function eachPair(
  { query, distractors, size }: ByPeopleInput,
  weights: { readonly query: Float64Array; readonly distractors: Float64Array },
  visit: {
    readonly positive: (cosine: number, person: number, row: number) => void;
    /** Rows are those of query, and then those of distractors. */
    readonly negative: (cosine: number, weight: number, rows: readonly [number, number]) => void;
  },
): void {
  for (const { row, similarities } of similarityRows(query.units, query.units, size)) {
    for (let other = row + 1; other < similarities.length; other++) {
      const person = query.labels[row]!;
      if (query.labels[other] === person) visit.positive(similarities[other]!, person, row);
      else visit.negative(similarities[other]!, weights.query[row]! * weights.query[other]!, [row, other]);
    }
  }
  for (const { row, similarities } of similarityRows(query.units, distractors.units, size)) {
    for (let other = 0; other < similarities.length; other++)
      visit.negative(similarities[other]!, weights.query[row]! * weights.distractors[other]!, [
        row,
        query.labels.length + other,
      ]);
  }
}

/** The person of query with the most pictures, and the shares of the pairs that are theirs. */
function largestPerson(
  { query, distractors }: ByPeopleInput,
  { positives, negatives }: { readonly positives: number; readonly negatives: number },
): IdentificationByPeople['largest'] {
  const counts = countsOf(query.labels);
  const [label, images] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  const others = query.labels.length - images + distractors.labels.length;
  return {
    row: query.labels.indexOf(label),
    images,
    people: counts.size,
    positiveShare: (images * (images - 1)) / 2 / positives,
    negativeShare: (images * others) / negatives,
  };
}
