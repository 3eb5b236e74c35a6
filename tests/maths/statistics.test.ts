import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mean, pairedDifference, standardDeviation, wilsonInterval } from '../../src-shared/maths/statistics.ts';

test("Wilson's interval holds the shares whose score test just passes, and stays within 0 and 1", () => {
  const { low, high } = wilsonInterval(81, 263);
  for (const bound of [low, high]) {
    // The defining equation: |p - q| = z sqrt(q (1 - q) / n); 1e-12 for float64.
    assert.ok(Math.abs(Math.abs(81 / 263 - bound) - 1.959963984540054 * Math.sqrt(bound * (1 - bound) / 263)) < 1e-12);
  }
  assert.ok(wilsonInterval(0, 10).low < 1e-15 && wilsonInterval(0, 10).low >= 0);
  assert.ok(wilsonInterval(10, 10).high > 1 - 1e-15 && wilsonInterval(10, 10).high <= 1);
  assert.ok(wilsonInterval(10, 10).low > 0.6);
});

test('mean and sample standard deviation by hand', () => {
  assert.equal(mean([2, 4, 4, 4, 5, 5, 7, 9]), 5);
  assert.ok(Math.abs(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]) - Math.sqrt(32 / 7)) < 1e-12);
});

test('a paired difference: one pair has no interval, more have one that a seed fixes', () => {
  assert.deepEqual(pairedDifference([1], [3], 1), { mean: 2, interval: null, n: 1 });
  const a = [0.71, 0.74, 0.69, 0.72, 0.75];
  const b = [0.7, 0.71, 0.7, 0.69, 0.7];
  const first = pairedDifference(b, a, 7);
  assert.deepEqual(first, pairedDifference(b, a, 7));
  assert.ok(Math.abs(first.mean - 0.022) < 1e-12);
  assert.ok(first.interval !== null && first.interval.low < first.mean && first.mean < first.interval.high);
  assert.ok(first.interval.low > -0.01 && first.interval.high < 0.05);
  assert.throws(() => pairedDifference([1], [1, 2], 1), /one length/);
});
