import { test } from 'node:test';
import assert from 'node:assert/strict';
import { identificationRates } from '../../src-shared/maths/identificationRate.ts';
import { identifyPairs } from '../../src-main/evaluate/identifyPairs.ts';
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

test('every pair counts once, and thresholds are those of a plain double loop with all scores kept', () => {
  const size = 7;
  const rates = [0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 0.0001];
  const query = unitRows(60, size, 'query');
  const distractors = unitRows(130, size, 'distractors');
  const queryLabels = Int32Array.from({ length: 60 }, (_, row) => row % 13);
  const cosine = (a: Float32Array, i: number, b: Float32Array, j: number) =>
    Array.from({ length: size }, (_, d) => a[i * size + d]! * b[j * size + d]!).reduce((sum, value) => sum + value, 0);
  const expected: { positives: number[]; negatives: number[] } = { positives: [], negatives: [] };
  for (let i = 0; i < 60; i++) {
    for (let j = i + 1; j < 60; j++)
      expected[queryLabels[i] === queryLabels[j] ? 'positives' : 'negatives'].push(cosine(query, i, query, j));
    for (let j = 0; j < 130; j++) expected.negatives.push(cosine(query, i, distractors, j));
  }
  const found = identifyPairs({ query, queryLabels, distractors, size }, rates);
  assert.deepEqual([found?.positives, found?.negatives], [expected.positives.length, expected.negatives.length]);
  identificationRates(Float64Array.from(expected.positives), Float64Array.from(expected.negatives), rates).forEach(
    (rate, at) => {
      assert.ok(Math.abs(found!.rates[at]!.threshold - rate.threshold) < 1e-6); // float32
      assert.deepEqual(
        [found!.rates[at]!.truePositiveRate, found!.rates[at]!.allowedFalsePositives, found!.rates[at]!.carried],
        [rate.truePositiveRate, rate.allowedFalsePositives, rate.carried],
      );
    },
  );
});

test('equal cosines let in fewer false positives, and a set without pairs of a kind has no rate', () => {
  const query = Float32Array.of(1, 0, 1, 0, 0, 1);
  const found = identifyPairs(
    { query, queryLabels: Int32Array.of(0, 0, 1), distractors: Float32Array.of(0, 1, -1, 0), size: 2 },
    [0.5, 0.1],
  );
  // Positive: 1. Negatives: 1, five times 0 and -1 twice.
  assert.deepEqual([found?.positives, found?.negatives], [1, 8]);
  assert.deepEqual(
    found?.rates.map(({ threshold, truePositiveRate }) => [threshold, truePositiveRate]),
    [
      [0, 1],
      [1, 0],
    ],
  );
  assert.equal(
    identifyPairs({ query, queryLabels: Int32Array.of(0, 1, 2), distractors: new Float32Array(0), size: 2 }, [0.5]),
    null,
  );
  assert.equal(
    identifyPairs(
      { query: new Float32Array(0), queryLabels: new Int32Array(0), distractors: Float32Array.of(1, 0), size: 2 },
      [0.5],
    ),
    null,
  );
});

test('2,000 queries against 8,000 distractors take seconds, and 18 million negatives are not kept', () => {
  const queryLabels = Int32Array.from({ length: 2000 }, (_, index) => Math.floor(index / 10));
  const query = unitRows(2000, 128, 'q');
  const distractors = unitRows(8000, 128, 'd');
  const start = performance.now();
  const memory = process.memoryUsage().arrayBuffers;
  const found = identifyPairs({ query, queryLabels, distractors, size: 128 }, [0.1, 0.001, 0.00001]);
  assert.equal(found?.negatives, (2000 * 1999) / 2 - 200 * 45 + 16_000_000);
  assert.ok(performance.now() - start < 20_000, `${performance.now() - start} ms`);
  assert.ok(process.memoryUsage().arrayBuffers - memory < 200e6);
});

test('rows that are not of unit length are refused', () => {
  const rows = Float32Array.from([2, 0, 1, 0]);
  assert.throws(
    () =>
      identifyPairs(
        { query: rows, queryLabels: Int32Array.from([0, 1]), distractors: new Float32Array(0), size: 2 },
        [0.5],
      ),
    /Row 0 of the query embeddings has length 2/,
  );
});
