import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePredictions } from '../../src-shared/comparePredictions.ts';

test('pictures that one run alone gets right are listed with what each takes them for, and weighed by McNemar', () => {
  const [images, labels] = [[10, 11, 12, 13, 14, 15], [0, 0, 1, 1, 2, 2]];
  const first = { images, labels, predicted: [0, 0, 1, 1, 0, 2] };
  const second = { images, labels, predicted: [0, 1, 0, 2, 2, 1] };
  const found = comparePredictions(first, second);
  assert.deepEqual([found.bothRight, found.bothWrong, found.onlyFirst.length, found.onlySecond.length], [1, 0, 4, 1]);
  assert.deepEqual(found.onlyFirst[0], { image: 11, label: 0, first: 0, second: 1 });
  assert.deepEqual(found.onlySecond, [{ image: 14, label: 2, first: 0, second: 2 }]);
  assert.ok(Math.abs(found.p - (2 * (1 + 5)) / 32) < 1e-12);
  assert.equal(comparePredictions(first, first).p, 1);
  assert.throws(() => comparePredictions(first, { ...second, images: [10, 11, 12, 13, 14, 16] }), /one test part/);
});
