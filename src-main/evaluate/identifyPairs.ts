import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Evaluation } from '../../src-shared/evaluation.ts';
import { withIntervals } from '../../src-shared/maths/bootstrapOverPeople.ts';
import { countPairs } from '../../src-shared/maths/countPairs.ts';
import { allowedFalsePositives, rateAbove } from '../../src-shared/maths/identificationRate.ts';
import { countedPeople } from './countedPeople.ts';
import { binOf, countedLevels, levelsOfBins, similarityBins } from './similarityBins.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

export interface IdentificationInput {
  /** [n, size], rows of unit length */
  readonly query: Float32Array;
  readonly queryLabels: Int32Array;
  /** [m, size], rows of unit length */
  readonly distractors: Float32Array;
  /** The person of each distractor; absent: each is another one. */
  readonly distractorLabels?: ArrayLike<number>;
  /** Seed of the bootstrap over people. */
  readonly seed?: number;
  readonly size: number;
}

/**
 * True positive rate at each false positive rate over the cosines of all pairs: positives are pairs of one person
 * within query; negatives are pairs of two people within query and all pairs of query and distractors. Negatives are
 * counted, not kept; a second pass over the few bins that hold the thresholds makes them exact, and counts the pairs of
 * each person for the intervals. Null without a pair of
 * each kind. Throws 'failed' where a row does not have unit length or the sizes disagree.
 */
export function identifyPairs(
  input: IdentificationInput,
  falsePositiveRates: readonly number[],
): Evaluation['identification'] {
  const { query, queryLabels, distractors, size } = input;
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
  // One pass over all pairs keeps the positives and counts the negatives by bins.
  const positives = new Float32Array(positivePairs(queryLabels));
  let found = 0;
  const counts = new Float64Array(similarityBins);
  eachPair(input, {
    positive: (cosine) => {
      positives[found++] = cosine;
    },
    negative: (cosine) => {
      counts[binOf(cosine)]!++;
    },
  });
  const negatives = counts.reduce((sum, count) => sum + count, 0);
  if (positives.length === 0 || negatives === 0) return null;

  // The bin of each threshold, and the threshold's rank within it.
  const places = falsePositiveRates.map((falsePositiveRate) => {
    const allowed = allowedFalsePositives(falsePositiveRate, negatives);
    let bin = similarityBins - 1;
    let above = 0;
    while (bin > 0 && above + counts[bin]! <= allowed) above += counts[bin--]!;
    return { falsePositiveRate, bin, rank: allowed - above };
  });
  // A second pass keeps the values of those bins only, and counts all pairs by person.
  const kept = new Map(places.map(({ bin }) => [bin, new Float32Array(counts[bin]!)]));
  const filled = new Map<number, number>();
  const strangers = Int32Array.from({ length: distractors.length / size }, (_, row) => row);
  const people = countedPeople(queryLabels, input.distractorLabels ?? strangers);
  const levelOf = levelsOfBins(counts, 1);
  const counter = countPairs(people.groups, countedLevels);
  eachPair(input, {
    positive: (cosine, row) => counter.genuine(people.of[row]!, levelOf[binOf(cosine)]!),
    negative: (cosine, row, other) => {
      const bin = binOf(cosine);
      counter.impostor([people.of[row]!, people.of[other]!], levelOf[bin]!);
      const own = kept.get(bin);
      if (!own) return;
      const at = filled.get(bin) ?? 0;
      own[at] = cosine;
      filled.set(bin, at + 1);
    },
  });
  for (const own of kept.values()) own.sort().reverse();
  const sortedPositives = positives.sort();
  const rates = places.map(({ falsePositiveRate, bin, rank }) =>
    rateAbove(kept.get(bin)?.[rank] ?? Number.NEGATIVE_INFINITY, { falsePositiveRate, negatives, sortedPositives }),
  );
  return {
    positives: positives.length,
    negatives,
    people: new Set(queryLabels).size,
    rates: withIntervals(rates, counter.result(), input.seed ?? 1),
  };
}

function positivePairs(labels: Int32Array): number {
  const images = new Map<number, number>();
  for (const label of labels) images.set(label, (images.get(label) ?? 0) + 1);
  return [...images.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
}

type Visit = (cosine: number, row: number, other: number) => void;

/** Visits every pair once. Rows are those of query, and then those of distractors. */
function eachPair(
  { query, queryLabels, distractors, size }: IdentificationInput,
  visit: { readonly positive: Visit; readonly negative: Visit },
): void {
  for (const { row, similarities } of similarityRows(query, query, size)) {
    for (let other = row + 1; other < similarities.length; other++)
      (queryLabels[other] === queryLabels[row] ? visit.positive : visit.negative)(similarities[other]!, row, other);
  }
  for (const { row, similarities } of similarityRows(query, distractors, size)) {
    for (let other = 0; other < similarities.length; other++)
      visit.negative(similarities[other]!, row, queryLabels.length + other);
  }
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
