import { ArcBenchError } from '../../src-shared/errors.ts';

export interface IdentificationInput {
  /** [n][size], rows of unit length */
  readonly query: Float32Array;
  readonly queryLabels: Int32Array;
  /** [m][size], rows of unit length */
  readonly distractors: Float32Array;
  readonly size: number;
}

const block = 64;

/**
 * Cosine similarities of all pairs of the identification rate: positives are pairs of one person within query, negatives pairs of two persons within query and every query x distractor pair.
 * Throws 'failed' where a row is not of unit length or the sizes disagree.
 */
export function identificationScores(input: IdentificationInput): { readonly positives: Float32Array; readonly negatives: Float32Array } {
  const { query, queryLabels, distractors, size } = input;
  const queries = queryLabels.length;
  if (query.length !== queries * size || distractors.length % size !== 0) {
    throw new ArcBenchError('failed', `The embeddings hold ${query.length} and ${distractors.length} numbers, which are not ${queries} query rows and whole distractor rows of ${size}: embed both sets with one network.`);
  }
  expectUnitRows(query, size, 'query');
  expectUnitRows(distractors, size, 'distractor');
  const distractorCount = distractors.length / size;

  const perPerson = new Map<number, number>();
  for (const label of queryLabels) perPerson.set(label, (perPerson.get(label) ?? 0) + 1);
  let positiveCount = 0;
  for (const images of perPerson.values()) positiveCount += (images * (images - 1)) / 2;
  const positives = new Float32Array(positiveCount);
  const negatives = new Float32Array((queries * (queries - 1)) / 2 - positiveCount + queries * distractorCount);
  let positive = 0;
  let negative = 0;

  for (let row = 0; row < queries; row++) {
    for (let other = row + 1; other < queries; other++) {
      const score = dot(query, row * size, query, other * size, size);
      if (queryLabels[row] === queryLabels[other]) positives[positive++] = score;
      else negatives[negative++] = score;
    }
  }
  // Blocks of distractors stay in the cache while all queries pass over them.
  for (let start = 0; start < distractorCount; start += block) {
    const end = Math.min(distractorCount, start + block);
    for (let row = 0; row < queries; row++) {
      for (let other = start; other < end; other++) negatives[negative++] = dot(query, row * size, distractors, other * size, size);
    }
  }
  return { positives, negatives };
}

function dot(a: Float32Array, startA: number, b: Float32Array, startB: number, size: number): number {
  // Four sums, since one sum waits for itself at each step.
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let index = 0;
  for (; index + 3 < size; index += 4) {
    sum0 += a[startA + index]! * b[startB + index]!;
    sum1 += a[startA + index + 1]! * b[startB + index + 1]!;
    sum2 += a[startA + index + 2]! * b[startB + index + 2]!;
    sum3 += a[startA + index + 3]! * b[startB + index + 3]!;
  }
  for (; index < size; index++) sum0 += a[startA + index]! * b[startB + index]!;
  return sum0 + sum1 + sum2 + sum3;
}

function expectUnitRows(rows: Float32Array, size: number, kind: string): void {
  for (let start = 0; start < rows.length; start += size) {
    const square = dot(rows, start, rows, start, size);
    // Negated, so that NaN is caught too.
    if (!(Math.abs(square - 1) < 1e-3)) throw new ArcBenchError('failed', `Row ${start / size} of the ${kind} embeddings has length ${Math.sqrt(square)} instead of 1: normalise the embeddings before scoring them.`);
  }
}
