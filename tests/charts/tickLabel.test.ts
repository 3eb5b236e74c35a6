import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tickLabel } from '../../src-renderer/charts/tickLabel.ts';

test('no two ticks of an axis have the same label, however near they are', () => {
  for (const [from, by] of [
    [0.971, 0.001],
    [0.97, 0.0025],
    [0, 0.2],
    [0.1, 0.1],
    [0.99999, 0.000001],
    [12_000, 0.5],
    [3.2e-7, 1e-8],
    [1e7, 5e6],
  ] as const)
    for (const percent of [false, true]) {
      const labels = [0, 1, 2, 3, 4].map((tick) => tickLabel(from + tick * by, percent));
      assert.equal(new Set(labels).size, 5, labels.join());
      assert.ok(
        labels.every((label) => label.length <= 12),
        labels.join(),
      );
    }
  assert.deepEqual(
    [0.1 + 0.2, 0.35, 0.9725].map((value) => tickLabel(value, true)),
    ['30 %', '35 %', '97.25 %'],
  );
  assert.deepEqual(
    [0.05, 12_500, 1e-5, 0].map((value) => tickLabel(value, false)),
    ['0.05', '12,500', '1e-5', '0'],
  );
});
