import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePredictions } from '../../src-shared/comparePredictions.ts';
import { signedCountsTest } from '../../src-shared/maths/mcnemar.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

const images = [10, 11, 12, 13, 14, 15];
const labels = [0, 0, 1, 1, 2, 2];
const first = { images, labels, predicted: [0, 0, 1, 1, 0, 2] };
const second = { images, labels, predicted: [0, 1, 0, 2, 2, 1] };

test('pictures that only one run gets right are listed with the mistake of the other, and tested by McNemar', () => {
  const found = comparePredictions([{ seed: 1, runs: ['a', 'b'], first, second }]);
  assert.deepEqual(found.seeds, [{ seed: 1, bothRight: 1, onlyFirst: 4, onlySecond: 1, bothWrong: 0, p: found.p }]);
  assert.deepEqual(found.onlyFirst[0], { image: 11, label: 0, firstRight: 1, secondRight: 0, takenFor: [1] });
  assert.deepEqual(found.onlySecond, [{ image: 14, label: 2, firstRight: 0, secondRight: 1, takenFor: [0] }]);
  assert.ok(Math.abs(found.p - (2 * (1 + 5)) / 32) < 1e-12);
  assert.equal(comparePredictions([{ seed: 1, runs: ['a', 'b'], first, second: first }]).p, 1);
  assert.throws(
    () =>
      comparePredictions([
        { seed: 1, runs: ['a', 'b'], first, second: { ...second, images: [10, 11, 12, 13, 14, 16] } },
      ]),
    /share the test pictures/,
  );
});

test(
  'over seeds each picture counts once: the pair of runs twice over gives the p of one, not of twice as many ' +
    'pictures',
  () => {
    const twice = comparePredictions([
      { seed: 1, runs: ['a', 'b'], first, second },
      { seed: 2, runs: ['c', 'd'], first, second },
    ]);
    assert.ok(Math.abs(twice.p - (2 * (1 + 5)) / 32) < 1e-12);
    assert.deepEqual(twice.onlySecond, [{ image: 14, label: 2, firstRight: 0, secondRight: 2, takenFor: [0] }]);
  },
);

test('the test over whole numbers is the share of all patterns of signs, counted one by one', () => {
  for (let trial = 0; trial < 20; trial++) {
    const random = randomStream(3, 'signs', trial);
    const differences = Array.from({ length: 1 + random.integer(11) }, () => random.integer(9) - 4);
    const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
    let extreme = 0;
    for (let pattern = 0; pattern < 2 ** differences.length; pattern++)
      if (Math.abs(differences.reduce((sum, value, at) => sum + (pattern & (1 << at) ? value : -value), 0)) >= observed)
        extreme++;
    assert.ok(Math.abs(signedCountsTest(differences) - extreme / 2 ** differences.length) < 1e-12, differences.join());
  }
});
