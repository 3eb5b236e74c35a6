import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { areaUnderCurve, averagePrecision, equalErrorRate, rocCurve } from '../../src-shared/maths/rocCurve.ts';
import { truePositiveRateAt, identificationRates } from '../../src-shared/maths/identificationRate.ts';

interface Case {
  positives: number[];
  negatives: number[];
  auc: number;
  averagePrecision: number;
  eer: number;
  tprAtFpr: { fpr: number; threshold: number; tpr: number }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/metrics.json', import.meta.url), 'utf8')) as {
  verification: Case[];
};

for (const [index, sample] of golden.verification.entries()) {
  test(`scikit-learn's area, average precision and equal error rate, case ${index}`, () => {
    // 1e-12: both sum in float64; 1e-8 for the rate, which the peer finds by a root search.
    assert.ok(Math.abs(areaUnderCurve(sample.positives, sample.negatives) - sample.auc) < 1e-12);
    assert.ok(Math.abs(averagePrecision(sample.positives, sample.negatives) - sample.averagePrecision) < 1e-12);
    assert.ok(Math.abs(equalErrorRate(sample.positives, sample.negatives) - sample.eer) < 1e-8);
  });

  test(`golden true positive rates and thresholds, case ${index}`, () => {
    for (const expected of sample.tprAtFpr) {
      const rate = truePositiveRateAt(
        Float64Array.from(sample.positives),
        Float64Array.from(sample.negatives),
        expected.fpr,
      );
      assert.equal(rate.threshold, expected.threshold);
      assert.ok(Math.abs(rate.truePositiveRate - expected.tpr) < 1e-12);
      assert.ok(rate.interval.low <= expected.tpr && expected.tpr <= rate.interval.high);
      assert.equal(sample.negatives.filter((score) => score > rate.threshold).length, rate.allowedFalsePositives);
    }
  });

  test(`trapezoids under the thinned curve give the area, case ${index}`, () => {
    const curve = rocCurve(sample.positives, sample.negatives);
    let area = 0;
    for (let point = 1; point < curve.thresholds.length; point++) {
      area +=
        ((curve.falsePositiveRates[point]! - curve.falsePositiveRates[point - 1]!) *
          (curve.truePositiveRates[point]! + curve.truePositiveRates[point - 1]!)) /
        2;
    }
    assert.ok(Math.abs(area - sample.auc) < 1e-12);
    assert.equal(curve.truePositiveRates.at(-1), 1);
    assert.equal(curve.falsePositiveRates.at(-1), 1);
  });
}

test('tied negatives let in fewer false positives, never more', () => {
  const rate = truePositiveRateAt(Float64Array.of(0.4, 0.5, 0.6), Float64Array.of(0.5, 0.5, 0.5, 0.1), 0.5);
  assert.equal(rate.allowedFalsePositives, 2);
  assert.equal(rate.threshold, 0.5);
  assert.equal(rate.truePositiveRate, 1 / 3);
});

test('a rate is floored as a decimal, and one that too few negatives carry says so', () => {
  const negatives = Float32Array.from({ length: 100 }, (_, index) => index / 100);
  assert.equal(truePositiveRateAt(Float32Array.of(1), negatives, 0.29).allowedFalsePositives, 29);
  assert.deepEqual(
    identificationRates(Float32Array.of(1), negatives, [0.01, 0.0099]).map((rate) => rate.carried),
    [true, false],
  );
});

test('a million negatives are scored, and NaN is refused', () => {
  const negatives = Float32Array.from({ length: 1_000_000 }, (_, index) => ((index * 7919) % 1_000_000) / 1_000_000);
  assert.equal(truePositiveRateAt(Float32Array.of(2, 0), negatives, 1e-4).allowedFalsePositives, 100);
  assert.throws(() => areaUnderCurve([NaN], negatives), /not a number/);
  assert.throws(() => areaUnderCurve([], negatives), /no positive pairs/);
});
