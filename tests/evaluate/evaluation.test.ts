import { test } from 'node:test';
import assert from 'node:assert/strict';
import { identificationScores } from '../../src-main/evaluate/identificationScores.ts';
import { targetRank } from '../../src-main/evaluate/targetRank.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

function unitRows(count: number, size: number, label: string): Float32Array {
  const stream = randomStream(1, label);
  const rows = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const values = Array.from({ length: size }, () => stream.normal());
    const length = Math.hypot(...values);
    for (const [index, value] of values.entries()) rows[row * size + index] = value / length;
  }
  return rows;
}

test('every pair is scored once, as a plain double loop scores it', () => {
  const size = 7;
  const query = unitRows(6, size, 'query');
  const distractors = unitRows(130, size, 'distractors');
  const queryLabels = Int32Array.from([3, 1, 3, 3, 2, 1]);
  const { positives, negatives } = identificationScores({ query, queryLabels, distractors, size });
  const cosine = (a: Float32Array, i: number, b: Float32Array, j: number) => Array.from({ length: size }, (_, d) => a[i * size + d]! * b[j * size + d]!).reduce((sum, value) => sum + value, 0);
  const expected: { positives: number[]; negatives: number[] } = { positives: [], negatives: [] };
  for (let i = 0; i < 6; i++) {
    for (let j = i + 1; j < 6; j++) expected[queryLabels[i] === queryLabels[j] ? 'positives' : 'negatives'].push(cosine(query, i, query, j));
    for (let j = 0; j < 130; j++) expected.negatives.push(cosine(query, i, distractors, j));
  }
  assert.equal(positives.length, 4);
  assert.equal(negatives.length, 11 + 6 * 130);
  // 1e-6: the scores are stored in float32.
  for (const [actual, wanted] of [[positives, expected.positives], [negatives, expected.negatives]] as const) {
    const sorted = wanted.toSorted((a, b) => a - b);
    for (const [index, score] of actual.slice().sort().entries()) assert.ok(Math.abs(score - sorted[index]!) < 1e-6);
  }
});

test('500 queries against 2000 distractors of 128 numbers take seconds at most', () => {
  const queryLabels = Int32Array.from({ length: 500 }, (_, index) => Math.floor(index / 10));
  const start = performance.now();
  const { negatives } = identificationScores({ query: unitRows(500, 128, 'q'), queryLabels, distractors: unitRows(2000, 128, 'd'), size: 128 });
  assert.equal(negatives.length, 500 * 499 / 2 - 50 * 45 + 1_000_000);
  assert.ok(performance.now() - start < 5000);
});

test('rows that are not of unit length are refused', () => {
  const rows = Float32Array.from([2, 0, 1, 0]);
  assert.throws(() => identificationScores({ query: rows, queryLabels: Int32Array.from([0, 1]), distractors: new Float32Array(0), size: 2 }), /Row 0 of the query embeddings has length 2/);
});

test('a tie and NaN count against the model', () => {
  assert.equal(targetRank(Float32Array.from([3, 1, 2]), 0), 1);
  assert.equal(targetRank(Float32Array.from([2, 2, 1]), 1), 2);
  assert.equal(targetRank(Float32Array.from([0.5, NaN, 0]), 0), 2);
  assert.equal(targetRank(Float32Array.from([0.5, NaN, 0]), 1), 6);
  // A constant network knows nothing: a tie must not read as 100 %.
  assert.equal(targetRank(new Float32Array(12), 3), 12);
});
