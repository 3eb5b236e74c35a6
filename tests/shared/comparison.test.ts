import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareArms, type ComparedArm, type ComparedMetric } from '../../src-shared/comparison.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

const accuracy: ComparedMetric = {
  key: 'accuracy',
  title: 'test accuracy',
  unit: 'share',
  better: 'higher',
  primary: true,
};
const error: ComparedMetric = {
  key: 'error',
  title: 'equal error rate',
  unit: 'share',
  better: 'lower',
  primary: true,
};
const arm = (name: string, rows: readonly (readonly number[])[], against?: string): ComparedArm => ({
  name,
  against,
  runs: rows.map(([first, second], seed) => ({ seed, values: { accuracy: first ?? null, error: second ?? null } })),
});

/**
 * Arms that share the difficulty of a seed, differ by a known difference and have noise of their own; the second metric
 * hangs together with the first.
 */
function simulate(
  trial: number,
  {
    pairs,
    difference,
    skewed = false,
    metrics = [accuracy, error],
  }: {
    readonly pairs: number;
    readonly difference: number;
    readonly skewed?: boolean;
    readonly metrics?: readonly ComparedMetric[];
  },
) {
  const random = randomStream(11, 'simulation', trial, pairs);
  const noise = () => (skewed ? -Math.log(1 - random.next()) - 1 : random.normal()) * 0.01;
  const rows = Array.from({ length: pairs }, () => {
    const shared = random.normal() * 0.03;
    const a = noise();
    const b = noise();
    return {
      base: [0.8 + shared + a, 0.1 - 0.5 * a + 0.003 * random.normal()],
      other: [0.8 + shared + difference + b, 0.1 - difference - 0.5 * b + 0.003 * random.normal()],
    };
  });
  return compareArms(metrics, [
    arm(
      'base',
      rows.map((row) => row.base),
    ),
    arm(
      'other',
      rows.map((row) => row.other),
    ),
  ]);
}

const trials = 2000;
for (const { pairs, skewed } of [
  { pairs: 3, skewed: false },
  { pairs: 5, skewed: false },
  { pairs: 10, skewed: false },
  { pairs: 20, skewed: true },
]) {
  test(
    `the interval of ${pairs} pairs${skewed ? ' of skewed noise' : ''} covers a known difference in 93 to 97 % ` +
      `of ${trials} trials`,
    () => {
      let covered = 0;
      for (let trial = 0; trial < trials; trial++) {
        const interval = simulate(trial, { pairs, difference: 0.01, skewed, metrics: [accuracy] }).pairs[0]?.interval;
        if (interval && interval.low <= 0.01 && 0.01 <= interval.high) covered++;
      }
      assert.ok(covered >= 0.93 * trials && covered <= 0.97 * trials, `${covered} of ${trials}`);
    },
  );
}

for (const pairs of [3, 5, 7, 10]) {
  test(
    `without a difference, ${pairs} pairs of two metrics give a false verdict in at most 5 % of ${trials} ` + 'trials',
    () => {
      let claims = 0;
      for (let trial = 0; trial < trials; trial++)
        if (simulate(trial, { pairs, difference: 0 }).pairs.some((pair) => pair.verdict !== 'notDistinguishable'))
          claims++;
      assert.ok(claims <= 0.05 * trials, `${claims} of ${trials}`);
    },
  );
}

test('a difference far above the noise is found, in the direction that each metric means', () => {
  const { pairs } = simulate(1, { pairs: 5, difference: 0.2 });
  assert.deepEqual(
    pairs.map((pair) => [pair.metric.key, pair.verdict, pair.decidedBy, pair.moreSeeds]),
    [
      ['accuracy', 'better', 'student', null],
      ['error', 'better', 'student', null],
    ],
  );
  assert.deepEqual(
    simulate(1, { pairs: 5, difference: -0.2 }).pairs.map((pair) => pair.verdict),
    ['worse', 'worse'],
  );
  // 7 pairs of two metrics: the sign-flip test's smallest p, 2^-6, passes Holm's first step.
  assert.deepEqual(
    simulate(1, { pairs: 7, difference: 0.2 }).pairs.map((pair) => [pair.verdict, pair.decidedBy]),
    [
      ['better', 'signFlip'],
      ['better', 'signFlip'],
    ],
  );
});

test('seeds are paired whatever their order, and one that an arm lacks is left out', () => {
  const base = arm('base', [[0.5], [0.6], [0.7]]);
  const other: ComparedArm = {
    name: 'other',
    runs: [
      { seed: 2, values: { accuracy: 0.75 } },
      { seed: 0, values: { accuracy: 0.6 } },
      { seed: 9, values: { accuracy: 0 } },
    ],
  };
  const [pair] = compareArms([accuracy], [base, other]).pairs;
  assert.deepEqual(pair?.seeds, [0, 2]);
  assert.ok(Math.abs((pair?.mean ?? 0) - 0.075) < 1e-12);
});

test('one pair and equal runs claim nothing', () => {
  const one = compareArms([accuracy], [arm('base', [[0.5]]), arm('other', [[0.9]])]).pairs[0];
  assert.deepEqual([one?.verdict, one?.moreSeeds, one?.adjustedP], ['notDistinguishable', null, null]);
  const same = compareArms([accuracy], [arm('base', [[0.5], [0.6], [0.7]]), arm('other', [[0.5], [0.6], [0.7]])])
    .pairs[0];
  assert.deepEqual([same?.verdict, same?.mean, same?.adjustedP], ['notDistinguishable', 0, 1]);
  // Three pairs that differ by one and the same amount show no spread: Student's p would be 0.
  assert.equal(
    compareArms([accuracy], [arm('base', [[0.5], [0.6], [0.7]]), arm('other', [[0.6], [0.7], [0.8]])]).pairs[0]
      ?.verdict,
    'notDistinguishable',
  );
});

test("the seeds that would settle it are those of the power of Holm's strictest step", () => {
  const rows = [0.012, 0.031, -0.004, 0.022, 0.017].map((value) => [0.5 + value]);
  const [pair] = compareArms(
    [accuracy],
    [
      arm(
        'base',
        rows.map(() => [0.5]),
      ),
      arm('other', rows),
    ],
  ).pairs;
  // d_z 0.957 at 0.05 asks for 11 pairs (G*Power's table rounds to the same); 5 are there.
  assert.equal(pair?.moreSeeds, 6);
});

test('a ladder compares each arm with the one before it too', () => {
  const { pairs, steps } = compareArms(
    [accuracy],
    [arm('a', [[0.5], [0.6]]), arm('b', [[0.6], [0.75]], 'a'), arm('c', [[0.9], [0.92]], 'b')],
  );
  assert.deepEqual(
    pairs.map((pair) => [pair.arm, pair.against]),
    [
      ['b', 'a'],
      ['c', 'a'],
    ],
  );
  assert.deepEqual(
    steps.map((pair) => [pair.arm, pair.against]),
    [
      ['b', 'a'],
      ['c', 'b'],
    ],
  );
});
