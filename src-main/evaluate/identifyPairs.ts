import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Identification } from '../../src-shared/evaluation.ts';
import { withIntervals } from '../../src-shared/maths/bootstrapOverPeople.ts';
import { countPairs } from '../../src-shared/maths/countPairs.ts';
import { allowedFalsePositives, rateAbove } from '../../src-shared/maths/identificationRate.ts';
import { cosinesOfBin, type CosinesOfBin } from './cosinesOfBin.ts';
import { countedPeople } from './countedPeople.ts';
import { measuredAlone, positivePairs, type OnePassMeasure, type PairPass, type TwoPassMeasure } from './pairPasses.ts';
import { binOf, countedLevels, levelsOfBins, similarityBins } from './similarityBins.ts';

export interface IdentificationInput {
  /** [n, size], rows of unit length */
  readonly query: Float32Array;
  readonly queryLabels: Int32Array;
  /** [m, size], rows of unit length */
  readonly distractors: Float32Array;
  /** The person of each distractor; absent: each is another one. */
  readonly distractorLabels?: Int32Array;
  /** Seed of the bootstrap over people. */
  readonly seed?: number;
  readonly size: number;
}

/** The identification rates of pairIdentification, from passes of their own. */
export const identifyPairs = (
  input: IdentificationInput,
  falsePositiveRates: readonly number[],
): Identification | null => {
  const { query, queryLabels, distractors, size } = input;
  const measure = pairIdentification(input, falsePositiveRates);
  const labels = distractorLabelsOf(input);
  return measuredAlone(
    { query: { units: query, labels: queryLabels }, distractors: { units: distractors, labels }, size },
    measure,
  );
};

/**
 * True positive rate at each false positive rate over the cosines of all pairs: positives are pairs of one person
 * within query; negatives are pairs of two people within query and all pairs of query and distractors. Negatives are
 * counted, not kept; a second pass over the few bins that hold the thresholds makes them exact, and counts the pairs of
 * each person for the intervals. Null without a pair of each kind. Throws 'failed' where a row does not have unit
 * length or the sizes disagree.
 */
export function pairIdentification(
  input: IdentificationInput,
  falsePositiveRates: readonly number[],
): TwoPassMeasure<Identification> {
  refuseOddRows(input);
  const { queryLabels } = input;
  const positives = new Float32Array(positivePairs(queryLabels));
  const counts = new Float64Array(similarityBins);
  let found = 0;
  const first: PairPass = {
    withQuery(row, cosines) {
      const person = queryLabels[row]!;
      for (let other = row + 1; other < cosines.length; other++) {
        const cosine = cosines[other]!;
        if (queryLabels[other] === person) positives[found++] = cosine;
        else counts[binOf(cosine)]!++;
      }
    },
    withDistractors(_, cosines) {
      for (let other = 0; other < cosines.length; other++) counts[binOf(cosines[other]!)]!++;
    },
  };
  const second = (): OnePassMeasure<Identification> | null => {
    const negatives = counts.reduce((sum, count) => sum + count, 0);
    if (positives.length === 0 || negatives === 0) return null;
    return ratesOf(input, { positives, counts, negatives, falsePositiveRates });
  };
  return { first, second };
}

interface Counted {
  readonly positives: Float32Array;
  /** Negatives of each bin, and in all. */
  readonly counts: Float64Array;
  readonly negatives: number;
  readonly falsePositiveRates: readonly number[];
}

/** The second pass: keeps the values of the thresholds' bins, and counts all pairs by person. */
function ratesOf(
  input: IdentificationInput,
  { positives, counts, negatives, falsePositiveRates }: Counted,
): OnePassMeasure<Identification> {
  const { queryLabels } = input;
  const places = falsePositiveRates.map((falsePositiveRate) => ({
    falsePositiveRate,
    ...placeOfThreshold(counts, allowedFalsePositives(falsePositiveRate, negatives)),
  }));
  const kept: (CosinesOfBin | undefined)[] = Array.from({ length: similarityBins });
  for (const { bin } of places) kept[bin] ??= cosinesOfBin(bin, counts[bin]!);
  const people = countedPeople(queryLabels, distractorLabelsOf(input));
  const levelOf = levelsOfBins(counts, 1);
  const counter = countPairs(people.groups, countedLevels);
  const negative = (cosine: number, one: number, other: number) => {
    const bin = binOf(cosine);
    counter.impostor(people.of[one]!, levelOf[bin]!);
    counter.impostor(people.of[other]!, levelOf[bin]!);
    kept[bin]?.add(cosine, 1);
  };
  const pass: PairPass = {
    withQuery(row, cosines) {
      for (let other = row + 1; other < cosines.length; other++) {
        const cosine = cosines[other]!;
        if (queryLabels[other] === queryLabels[row]) counter.genuine(people.of[row]!, levelOf[binOf(cosine)]!);
        else negative(cosine, row, other);
      }
    },
    withDistractors(row, cosines) {
      for (let other = 0; other < cosines.length; other++) negative(cosines[other]!, row, queryLabels.length + other);
    },
  };
  const result = () => {
    const sortedPositives = positives.sort();
    const rates = places.map(({ falsePositiveRate, bin, rank }) =>
      rateAbove(kept[bin]!.at(rank), { falsePositiveRate, negatives, sortedPositives }),
    );
    return {
      positives: positives.length,
      negatives,
      people: new Set(queryLabels).size,
      rates: withIntervals(rates, counter.result(), input.seed ?? 1),
    };
  };
  return { pass, result };
}

/** The bin that holds a threshold, and the rank of the threshold in it, from the number of negatives above it. */
function placeOfThreshold(counts: Float64Array, allowed: number): { readonly bin: number; readonly rank: number } {
  let bin = similarityBins - 1;
  let above = 0;
  while (bin > 0 && above + counts[bin]! <= allowed) above += counts[bin--]!;
  return { bin, rank: allowed - above };
}

const distractorLabelsOf = ({ distractors, distractorLabels, size }: IdentificationInput): Int32Array =>
  distractorLabels ?? Int32Array.from({ length: distractors.length / size }, (_, row) => row);

function refuseOddRows({ query, queryLabels, distractors, size }: IdentificationInput): void {
  if (query.length !== queryLabels.length * size || distractors.length % size !== 0) {
    throw new ArcBenchError(
      'failed',
      `The embeddings hold ${query.length} and ${distractors.length} numbers, which are not ` +
        `${queryLabels.length} query rows and whole distractor rows of ${size}: embed both sets with one ` +
        'network.',
    );
  }
  expectUnitRows(query, size, 'query');
  expectUnitRows(distractors, size, 'distractor');
}

function expectUnitRows(rows: Float32Array, size: number, kind: string): void {
  for (let start = 0; start < rows.length; start += size) {
    let square = 0;
    for (let at = start; at < start + size; at++) square += rows[at]! ** 2;
    // Written as a negation, so that NaN is caught too.
    if (!(Math.abs(square - 1) < 1e-3))
      throw new ArcBenchError(
        'failed',
        `Row ${start / size} of the ${kind} embeddings has length ${Math.sqrt(square)} instead of 1: ` +
          'normalise the embeddings before scoring them.',
      );
  }
}
