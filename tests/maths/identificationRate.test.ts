import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { identificationRates } from '../../src-shared/maths/identificationRate.ts';
import { wilsonInterval } from '../../src-shared/maths/statistics.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

interface Golden {
  verification: {
    positives: number[];
    negatives: number[];
    tprAtFpr: { fpr: number; threshold: number; tpr: number }[];
  }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/metrics.json', import.meta.url), 'utf8')) as Golden;

golden.verification.forEach((entry, index) => {
  test(`TPR at FPR equals the golden values, case ${index}`, () => {
    const rates = identificationRates(
      Float64Array.from(entry.positives),
      Float64Array.from(entry.negatives),
      entry.tprAtFpr.map(({ fpr }) => fpr),
    );
    entry.tprAtFpr.forEach(({ fpr, tpr }, position) => {
      assert.equal(rates[position]?.truePositiveRate, tpr, `at FPR ${fpr}`);
      const exceeding = entry.negatives.filter((value) => value > (rates[position]?.threshold as number)).length;
      assert.equal(exceeding, Math.floor(fpr * entry.negatives.length + 1e-9));
    });
  });
});

test('a rate that the negatives cannot carry says so', () => {
  const [rate] = identificationRates(Float64Array.of(0.9), Float64Array.of(0.1, 0.2), [0.01]);
  assert.equal(rate?.carried, false);
  assert.equal(rate?.allowedFalsePositives, 0);
});

test('Wilson interval equals the published example of 81 in 263 (Newcombe 1998, 0.2553 to 0.3662)', () => {
  const { low, high } = wilsonInterval(81, 263);
  assert.ok(Math.abs(low - 0.2553) < 1e-4 && Math.abs(high - 0.3662) < 1e-4);
});

test('random streams are uniform, normal and independent of each other', () => {
  const a = randomStream(1, 'a');
  const b = randomStream(1, 'b');
  const pairs = Array.from({ length: 20_000 }, () => [a.next(), b.next()] as const);
  const average = pairs.reduce((sum, [x]) => sum + x, 0) / pairs.length;
  const covariance = pairs.reduce((sum, [x, y]) => sum + (x - 0.5) * (y - 0.5), 0) / pairs.length;
  assert.ok(Math.abs(average - 0.5) < 0.01 && Math.abs(covariance) < 0.003);
  const normals = Array.from({ length: 20_000 }, () => a.normal());
  assert.ok(Math.abs(normals.reduce((sum, value) => sum + value * value, 0) / normals.length - 1) < 0.04);
});

test('the Wilson interval of no success and of nothing but successes holds 0 and 1, whatever the rounding', () => {
  for (let trials = 1; trials <= 2000; trials++) {
    assert.equal(wilsonInterval(0, trials).low, 0, `0 of ${trials}`);
    assert.equal(wilsonInterval(trials, trials).high, 1, `all of ${trials}`);
  }
});
