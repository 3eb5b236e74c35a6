import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mean, standardDeviation, wilsonInterval } from '../../src-shared/maths/statistics.ts';

test("Wilson's interval holds the shares whose score test just passes, and stays within 0 and 1", () => {
  const { low, high } = wilsonInterval(81, 263);
  for (const bound of [low, high]) {
    // The defining equation: |p - q| = z sqrt(q (1 - q) / n); 1e-12 for float64.
    assert.ok(
      Math.abs(Math.abs(81 / 263 - bound) - 1.959963984540054 * Math.sqrt((bound * (1 - bound)) / 263)) < 1e-12,
    );
  }
  assert.ok(wilsonInterval(0, 10).low < 1e-15 && wilsonInterval(0, 10).low >= 0);
  assert.ok(wilsonInterval(10, 10).high > 1 - 1e-15 && wilsonInterval(10, 10).high <= 1);
  assert.ok(wilsonInterval(10, 10).low > 0.6);
});

test('mean and sample standard deviation by hand', () => {
  assert.equal(mean([2, 4, 4, 4, 5, 5, 7, 9]), 5);
  assert.ok(Math.abs(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]) - Math.sqrt(32 / 7)) < 1e-12);
});
