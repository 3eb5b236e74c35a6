import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksOf, sequentialBounds, sequentialP, spentAlpha } from '../../src-shared/maths/groupSequential.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { mean, standardDeviation } from '../../src-shared/maths/statistics.ts';

const near = (value: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(value - expected) <= tolerance, `${value} is not within ${tolerance} of ${expected}`);

test('alpha is spent as the O’Brien-Fleming-like function of Lan and DeMets spends it', () => {
  // scipy 1.16: 4 * norm.sf(norm.ppf(1 - 0.0125) / sqrt(share)).
  [0.2, 0.4, 0.6, 0.8, 1].forEach((share, at) =>
    near(spentAlpha(share, 0.05), [1.08e-6, 0.000788, 0.007616, 0.024424, 0.05][at] as number, 5e-7),
  );
});

test('the first bound is Student’s own, and later ones lie above the fixed one', () => {
  const bounds = sequentialBounds(10, 0.05);
  assert.equal(bounds.length, looksOf(10).length);
  // scipy 1.16: t.isf(spent(0.5) / 2, 4) with spent(0.5) = 0.003051.
  near(bounds[0] ?? 0, 6.4058, 1e-3);
  assert.ok((bounds.at(-1) ?? 0) > 2.262 && (bounds.at(-1) ?? 0) < 2.6, String(bounds.at(-1)));
  assert.ok(bounds.every((bound, at) => at === 0 || bound < (bounds[at - 1] as number)));
});

test('without an effect, 20,000 simulated duels cross a bound in 5 % of cases, whatever the largest number', () => {
  for (const most of [6, 10]) {
    const bounds = sequentialBounds(most, 0.05);
    const random = randomStream(3, 'sequential', most);
    const duels = 20_000;
    let crossed = 0;
    for (let duel = 0; duel < duels; duel++) {
      const differences = Array.from({ length: most }, () => random.normal());
      const crosses = looksOf(most).some((look, at) => {
        const seen = differences.slice(0, look);
        return Math.abs(mean(seen)) / (standardDeviation(seen) / Math.sqrt(look)) > (bounds[at] as number);
      });
      if (crosses) crossed++;
    }
    near(crossed / duels, 0.05, 0.0046); // three standard errors
  }
});

test('p is the significance at which the duel would have stopped', () => {
  const bound = sequentialBounds(10, 0.03)[3] ?? 0;
  near(sequentialP(bound, 8, 10), 0.03, 0.0015);
  assert.equal(sequentialP(50, 4, 10), 1, 'there is no look after four pairs');
});
