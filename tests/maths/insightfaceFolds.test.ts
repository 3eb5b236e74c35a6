import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { insightfaceAccuracy } from '../../src-shared/maths/insightfaceFolds.ts';

interface Golden {
  readonly distances: readonly number[];
  readonly same: readonly number[];
  readonly mean: number;
  readonly standardDeviation: number;
  readonly acceptance: number;
  readonly acceptanceDeviation: number;
  readonly falseAcceptance: number;
}

test("folds, thresholds and rates are insightface's, as numpy and scikit-learn compute them", () => {
  const cases = JSON.parse(
    readFileSync(new URL('../golden/verification/insightfaceFolds.json', import.meta.url), 'utf8'),
  ) as readonly Golden[];
  assert.equal(cases.length, 2);
  for (const golden of cases) {
    const judged = insightfaceAccuracy({
      distances: Float64Array.from(golden.distances),
      same: Uint8Array.from(golden.same),
    });
    const near = (value: number | undefined, wanted: number) =>
      assert.ok(Math.abs((value ?? Number.NaN) - wanted) < 1e-12, `${value} instead of ${wanted}`);
    near(judged.mean, golden.mean);
    near(judged.standardDeviation, golden.standardDeviation);
    near(judged.acceptance?.mean, golden.acceptance);
    near(judged.acceptance?.standardDeviation, golden.acceptanceDeviation);
    near(judged.acceptance?.falseAcceptance, golden.falseAcceptance);
  }
});

test('the first folds take the pairs that ten do not divide', () => {
  const judged = insightfaceAccuracy({
    distances: Float64Array.from({ length: 23 }, (_, pair) => (pair % 2 === 0 ? 0.5 : 1.5)),
    same: Uint8Array.from({ length: 23 }, (_, pair) => (pair % 2 === 0 ? 1 : 0)),
  });
  assert.deepEqual(
    judged.folds.map(({ pairs }) => pairs),
    [3, 3, 3, 2, 2, 2, 2, 2, 2, 2],
  );
  assert.deepEqual([judged.mean, judged.standardDeviation, judged.acceptance?.mean], [1, 0, 1]);
  assert.ok(
    judged.folds.every(({ threshold }) => Math.abs(threshold - 0.51) < 1e-12),
    'the lowest of the best',
  );
});

test('folds of one kind give an accuracy and no acceptance', () => {
  const judged = insightfaceAccuracy({
    distances: Float64Array.from([0.1, 3, 0.1, 3, 0.1, 3, 0.1, 3, 0.1, 3]),
    same: Uint8Array.from([1, 0, 1, 0, 1, 0, 1, 0, 1, 0]),
  });
  assert.deepEqual([judged.mean, judged.acceptance], [1, null]);
});
