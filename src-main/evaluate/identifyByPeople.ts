import type { IdentificationByPeople } from '../../src-shared/evaluation.ts';
import { withIntervals } from '../../src-shared/maths/bootstrapOverPeople.ts';
import { countPairs } from '../../src-shared/maths/countPairs.ts';
import { allowedWeight, peopleRate, type OwnPairs } from '../../src-shared/maths/peopleRate.ts';
import { cosinesOfBin, type CosinesOfBin } from './cosinesOfBin.ts';
import { countedPeople } from './countedPeople.ts';
import {
  countsOf,
  measuredAlone,
  positivePairs,
  type HeldOut,
  type OnePassMeasure,
  type PairPass,
  type TwoPassMeasure,
} from './pairPasses.ts';
import { binOf, countedLevels, levelsOfBins, similarityBins } from './similarityBins.ts';

interface ByPeopleInput extends HeldOut {
  /** Seed of the bootstrap over people. */
  readonly seed: number;
}

/** The identification rates of peopleIdentification, from passes of their own. */
export const identifyByPeople = (
  input: ByPeopleInput,
  falsePositiveRates: readonly number[],
): IdentificationByPeople | null => measuredAlone(input, peopleIdentification(input, falsePositiveRates));

/** What the first pass leaves behind. */
interface Weighed {
  readonly positives: OwnPairs;
  /** Number and weight of the negatives of each bin. */
  readonly counts: Float64Array;
  readonly weightOf: Float64Array;
  readonly weights: { readonly query: Float64Array; readonly distractors: Float64Array };
  readonly falsePositiveRates: readonly number[];
}

/**
 * The identification rate with equal weight for people: a negative pair of two people weighs 1 / (n m) if they have n
 * and m pictures, so that each pair of people weighs 1, and TPR is the mean over people. Negatives are weighed by bins,
 * as pairIdentification counts them; a second pass over the bins that hold the thresholds makes them exact. Null
 * without a pair of each kind.
 */
export function peopleIdentification(
  input: ByPeopleInput,
  falsePositiveRates: readonly number[],
): TwoPassMeasure<IdentificationByPeople> {
  const { labels } = input.query;
  const weights = { query: shareOfPerson(labels), distractors: shareOfPerson(input.distractors.labels) };
  const pairs = positivePairs(labels);
  const similarities = new Float32Array(pairs);
  const people = new Int32Array(pairs);
  const counts = new Float64Array(similarityBins);
  const weightOf = new Float64Array(similarityBins);
  let found = 0;
  const first: PairPass = {
    withQuery(row, cosines) {
      const person = labels[row]!;
      for (let other = row + 1; other < cosines.length; other++) {
        const cosine = cosines[other]!;
        if (labels[other] === person) {
          similarities[found] = cosine;
          people[found++] = person;
          continue;
        }
        const bin = binOf(cosine);
        counts[bin]!++;
        weightOf[bin]! += weights.query[row]! * weights.query[other]!;
      }
    },
    withDistractors(row, cosines) {
      for (let other = 0; other < cosines.length; other++) {
        const bin = binOf(cosines[other]!);
        counts[bin]!++;
        weightOf[bin]! += weights.query[row]! * weights.distractors[other]!;
      }
    },
  };
  const second = () =>
    pairs === 0 || counts.every((count) => count === 0)
      ? null
      : ratesOf(input, { positives: { similarities, people }, counts, weightOf, weights, falsePositiveRates });
  return { first, second };
}

/** The second pass: keeps the values of the thresholds' bins, and weighs all pairs by person. */
function ratesOf(input: ByPeopleInput, weighed: Weighed): OnePassMeasure<IdentificationByPeople> {
  const { positives, counts, weightOf, weights, falsePositiveRates } = weighed;
  const { labels } = input.query;
  const negatives = counts.reduce((sum, count) => sum + count, 0);
  const whole = weightOf.reduce((sum, weight) => sum + weight, 0);
  const places = falsePositiveRates.map((falsePositiveRate) => {
    const allowed = allowedWeight(falsePositiveRate, whole);
    return { falsePositiveRate, allowed, ...placeOfThreshold({ counts, weightOf }, allowed) };
  });
  const kept: (CosinesOfBin | undefined)[] = Array.from({ length: similarityBins });
  for (const { bin } of places) kept[bin] ??= cosinesOfBin(bin, counts[bin]!);
  const people = countedPeople(labels, input.distractors.labels);
  const levelOf = levelsOfBins(weightOf, whole / negatives);
  const counter = countPairs(people.groups, countedLevels);
  const pairsOf = countsOf(positives.people);
  const shares = new Float64Array(people.of.length);
  shares.set(weights.query);
  shares.set(weights.distractors, weights.query.length);
  /** Counts a pair for both of its people. Rows are those of query, and then those of distractors. */
  const negative = (cosine: number, row: number, other: number) => {
    const bin = binOf(cosine);
    const weight = shares[row]! * shares[other]!;
    counter.impostor(people.of[row]!, levelOf[bin]!, weight);
    counter.impostor(people.of[other]!, levelOf[bin]!, weight);
    kept[bin]?.add(cosine, weight);
  };
  const pass: PairPass = {
    withQuery(row, cosines) {
      const person = labels[row]!;
      const share = 1 / (pairsOf.get(person) ?? 1);
      for (let other = row + 1; other < cosines.length; other++) {
        const cosine = cosines[other]!;
        if (labels[other] === person) counter.genuine(people.of[row]!, levelOf[binOf(cosine)]!, share);
        else negative(cosine, row, other);
      }
    },
    withDistractors(row, cosines) {
      for (let other = 0; other < cosines.length; other++) negative(cosines[other]!, row, labels.length + other);
    },
  };
  const result = () => {
    const rates = places.map(({ falsePositiveRate, allowed, bin, heavier }) =>
      peopleRate(positives, kept[bin]!.threshold(allowed, heavier), { falsePositiveRate, negatives }),
    );
    return {
      rates: withIntervals(rates, counter.result(), input.seed),
      largest: largestPerson(input, { positives: positives.people.length, negatives }),
    };
  };
  return { pass, result };
}

/** The bin that holds a threshold, and the weight and number of the negatives in the bins above it. */
function placeOfThreshold({ counts, weightOf }: Pick<Weighed, 'counts' | 'weightOf'>, allowed: number) {
  const heavier = { weight: 0, count: 0 };
  let bin = similarityBins - 1;
  for (; bin > 0 && heavier.weight + weightOf[bin]! <= allowed; bin--) {
    heavier.weight += weightOf[bin]!;
    heavier.count += counts[bin]!;
  }
  return { bin, heavier };
}

/** For each row, one over the number of its person's rows. */
function shareOfPerson(labels: Int32Array): Float64Array {
  const counts = countsOf(labels);
  return Float64Array.from(labels, (label) => 1 / counts.get(label)!);
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
