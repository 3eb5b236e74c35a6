import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intervalCoverage, truthOf } from './intervalCoverage.ts';

test('of 60 samples, intervals over people hold the true rate in at least 52, those over pairs in below 45', () => {
  // 52 of 60: an interval of 95 % falls below in 2 of 100 such tests, and the seed is fixed.
  const options = { people: 20, distractors: 100, noise: 0.6, repetitions: 60, seed: 3 };
  const coverage = intervalCoverage(options, truthOf({ ...options, draws: 40_000 }));
  assert.deepEqual(
    coverage.slice(0, 2).map(({ name }) => name),
    ['TPR at FPR 0.1', 'TPR at FPR 0.01'],
  );
  for (const { name, held, wilsonHeld, repetitions } of coverage.filter((entry) => entry.repetitions === 60)) {
    assert.ok(held >= 52, `${name}: ${held} of ${repetitions}`);
    assert.ok(wilsonHeld === null || wilsonHeld < 45, `${name}, over pairs: ${wilsonHeld} of ${repetitions}`);
  }
});
