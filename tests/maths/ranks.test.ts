import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRanks, rankGroups, ranksOf } from '../../src-shared/maths/friedman.ts';
import { nemenyiQuantile } from '../../src-shared/maths/studentizedRange.ts';

const near = (value: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(value - expected) <= tolerance, `${value} is not within ${tolerance} of ${expected}`);

test("Nemenyi's quantiles are those of Demšar's table 5a and of scipy", () => {
  // Demšar 2006 prints three decimals; scipy 1.16's studentized_range gives more for 3 and 16.
  for (const [k, q] of [
    [2, 1.96],
    [4, 2.569],
    [6, 2.85],
    [10, 3.164],
  ] as const)
    near(nemenyiQuantile(k, 0.05), q, 6e-4);
  near(nemenyiQuantile(3, 0.05), 2.343700586, 1e-6);
  near(nemenyiQuantile(16, 0.05), 3.426041379, 1e-6);
});

test("Friedman's test takes ties into account as scipy does", () => {
  // Values whose ranks are these; scipy 1.16: friedmanchisquare gives 10.346938775510205, p 0.015835971363765793.
  const ranks = [
    [3, 1, 2, 4],
    [2, 1, 3, 4],
    [1.5, 1.5, 3, 4],
    [3, 1, 2, 4],
    [1, 2, 4, 3],
  ];
  const found = compareRanks(ranks.map((block) => block.map((rank) => -rank)));
  near(found.chiSquared, 10.346938775510205, 1e-12);
  near(found.p, 0.015835971363765793, 1e-12);
  assert.deepEqual(found.meanRanks, [2.1, 1.3, 2.8, 3.8]);
  near(found.criticalDifference, 2.569 * Math.sqrt(20 / 30), 6e-4);
});

test('ties share the mean of their ranks, the highest value is first', () => {
  assert.deepEqual(ranksOf([0.5, 0.9, 0.5, 0.1]), [2.5, 1, 2.5, 4]);
});

test('groups join neighbours within the critical difference, and no group lies inside another', () => {
  assert.deepEqual(rankGroups([1, 2, 2.5, 4, 4.05], 1.6), [
    { first: 0, last: 2 },
    { first: 2, last: 4 },
  ]);
  assert.deepEqual(rankGroups([1, 3, 5], 1), []);
});
