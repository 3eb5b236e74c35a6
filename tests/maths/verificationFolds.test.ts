import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cumulativeMatch } from '../../src-shared/maths/cumulativeMatch.ts';
import { angleHistogram, degreesOf, histogram } from '../../src-shared/maths/histogram.ts';
import { largest } from '../../src-shared/maths/largest.ts';
import { mcnemar } from '../../src-shared/maths/mcnemar.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { rocCurve } from '../../src-shared/maths/rocCurve.ts';
import { thinRoc } from '../../src-shared/maths/thinRoc.ts';
import { verificationAccuracy } from '../../src-shared/maths/verificationFolds.ts';

test('each fold is judged by the threshold of the others, found by trying every cut', () => {
  const random = randomStream(4, 'pairs');
  const count = 200;
  const foldCount = 10;
  const same = Uint8Array.from({ length: count }, (_, pair) => pair % 2);
  const scores = Float32Array.from(same, (one) => one * 0.5 + random.normal() * 0.3);
  const folds = Int32Array.from({ length: count }, (_, pair) => pair % foldCount);
  const result = verificationAccuracy({ scores, same, folds });
  assert.equal(result.folds.length, foldCount);
  const accuracies = result.folds.map((fold, index) => {
    const right = (threshold: number, pairs: number[]) =>
      pairs.filter((pair) => scores[pair]! > threshold === (same[pair] === 1)).length;
    const [own, others] = [true, false].map((inside) =>
      Array.from(scores.keys()).filter((pair) => (folds[pair] === index) === inside),
    ) as [number[], number[]];
    assert.equal(
      right(fold.threshold, others),
      Math.max(...Array.from(scores, (cut) => right(cut, others)), right(-10, others)),
    );
    assert.equal(fold.accuracy, right(fold.threshold, own) / 20);
    return fold.accuracy;
  });
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / 10;
  assert.ok(Math.abs(result.mean - mean) < 1e-12);
  assert.ok(
    Math.abs(
      result.standardDeviation - Math.sqrt(accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 9),
    ) < 1e-12,
  );
});

test('separable pairs are all right, equal scores are worth the larger side', () => {
  const folds = Int32Array.of(0, 0, 1, 1);
  const same = Uint8Array.of(1, 0, 1, 0);
  assert.equal(verificationAccuracy({ scores: Float32Array.of(0.9, 0.1, 0.8, 0.2), same, folds }).mean, 1);
  assert.equal(verificationAccuracy({ scores: new Float32Array(4), same, folds }).mean, 0.5);
});

test('a fold of few pairs counts by its pairs, not as a whole fold', () => {
  // Eight pairs that the other fold's threshold (0.5) parts, and a fold of one pair that theirs gets wrong.
  const scores = Float32Array.of(0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.8);
  const same = Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 0, 0);
  const result = verificationAccuracy({ scores, same, folds: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1) });
  assert.deepEqual(
    result.folds.map(({ pairs }) => pairs),
    [8, 1],
  );
  const [large, small] = result.folds.map(({ accuracy }) => accuracy) as [number, number];
  assert.ok(Math.abs(result.mean - (8 * large + small) / 9) < 1e-12);
  assert.notEqual(large, small);
});

test('a thinned ROC curve keeps its ends, its size and points of the whole', () => {
  const random = randomStream(5, 'roc');
  const curve = rocCurve(
    Float64Array.from({ length: 5000 }, () => random.normal() + 1),
    Float64Array.from({ length: 20_000 }, () => random.normal()),
  );
  const thin = thinRoc(curve);
  assert.ok(
    curve.thresholds.length > 2000 && thin.falsePositiveRates.length <= 200 && thin.falsePositiveRates.length > 100,
  );
  assert.deepEqual(
    [thin.falsePositiveRates[0], thin.falsePositiveRates.at(-1), thin.truePositiveRates.at(-1)],
    [0, 1, 1],
  );
  const whole = new Set(Array.from(curve.falsePositiveRates, (rate, at) => `${rate} ${curve.truePositiveRates[at]}`));
  thin.falsePositiveRates.forEach((rate, at) => assert.ok(whole.has(`${rate} ${thin.truePositiveRates[at]}`)));
  assert.ok(thin.falsePositiveRates.filter((rate) => rate > 0 && rate < 0.001).length > 3, 'low rates are drawn');
});

test("McNemar's exact p is the binomial sum", () => {
  // 2 (C(10,0) + C(10,1) + C(10,2)) / 2^10; and 2 Σ C(22, k) / 2^22 to k = 6 by Python's fractions.
  assert.ok(Math.abs(mcnemar(2, 8) - 112 / 1024) < 1e-12);
  assert.ok(Math.abs(mcnemar(16, 6) - 0.05248) < 1e-5);
  assert.equal(mcnemar(0, 0), 1);
  assert.equal(mcnemar(5, 5), 1);
  assert.ok(mcnemar(900, 1100) > 1e-6 && mcnemar(900, 1100) < 1e-4); // z of 4.5: 7.5e-6
});

test('ranks, histograms and largest items by hand', () => {
  assert.deepEqual(
    cumulativeMatch([1, 3, 1, 9], [1, 5, 10]).map(({ value }) => value),
    [0.5, 0.75, 1],
  );
  const bins = histogram({ low: 0, high: 10, bins: 5 });
  for (const value of [-1, 0, 1.9, 2, 9.9, 10, 12]) bins.add(value);
  assert.deepEqual(bins.result()?.histogram.counts, [3, 1, 0, 0, 3]);
  assert.equal(bins.result()?.count, 7);
  assert.equal(angleHistogram().result(), null);
  assert.ok(Math.abs(degreesOf(0.5) - 60) < 1e-12);
  assert.equal(degreesOf(1.0000001), 0);
  const top = largest<string>(2);
  for (const [value, item] of [
    [1, 'a'],
    [3, 'b'],
    [2, 'c'],
    [3, 'd'],
  ] as const)
    if (value > top.bar()) top.add(value, item);
  assert.deepEqual(
    top.items().map(({ item }) => item),
    ['b', 'd'],
  );
});
