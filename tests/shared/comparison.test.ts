import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareArms, mayStop, type ComparedArm, type ComparedMetric } from '../../src-shared/comparison.ts';
import { moreSeeds } from '../../src-shared/maths/seedsNeeded.ts';
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
  runs: rows.map(([first, second], seed) => ({
    id: `${name} ${seed}`,
    seed,
    values: { accuracy: first ?? null, error: second ?? null },
  })),
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
  // With fewer than 12 pairs the sign-flip test would find less than Student's with a pair less.
  assert.deepEqual(
    simulate(1, { pairs: 12, difference: 0.2 }).pairs.map((pair) => [pair.verdict, pair.decidedBy]),
    [
      ['better', 'signFlip'],
      ['better', 'signFlip'],
    ],
  );
});

test('seeds are paired whatever their order, and one that an arm lacks is left out', () => {
  const first = arm('base', [[0.5], [0.6], [0.7]]);
  const other: ComparedArm = {
    name: 'other',
    runs: [
      { id: 'c', seed: 2, values: { accuracy: 0.75 } },
      { id: 'a', seed: 0, values: { accuracy: 0.6 } },
      { id: 'i', seed: 9, values: { accuracy: 0 } },
    ],
  };
  const [pair] = compareArms([accuracy], [first, other]).pairs;
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

const rowsOfFive = [0.012, 0.031, -0.004, 0.022, 0.017].map((value) => [0.5 + value]);
const base = (count: number) =>
  arm(
    'base',
    Array.from({ length: count }, () => [0.5]),
  );

test('how many more seeds would settle it is a range over the effects that fit, and needs more than chance', () => {
  // d_z 0.8 from 6 pairs: the middle half of the effects that fit is 0.4836 to 1.1164. scipy 1.16's noncentral t asks
  // for 36 and 9 pairs of them.
  assert.deepEqual(moreSeeds({ effectSize: 0.8, pairs: 6, studentP: 0.09 }, 0.05), { low: 3, high: 30 });
  assert.equal(moreSeeds({ effectSize: 0.8, pairs: 6, studentP: 0.1 }, 0.05), null, 'chance alone would name a number');
  const [settled] = compareArms([accuracy], [base(5), arm('other', rowsOfFive)]).pairs;
  assert.deepEqual([settled?.verdict, settled?.moreSeeds], ['notDistinguishable', { low: 2, high: 20 }]);
});

test('a verdict from fewer than five pairs is preliminary', () => {
  const preliminary = (count: number) =>
    compareArms([accuracy], [base(count), arm('other', rowsOfFive.slice(0, count))]).pairs[0]?.preliminary;
  assert.deepEqual([2, 3, 4, 5].map(preliminary), [true, true, true, false]);
});

test('a run counts once, wherever it stands', () => {
  const run = (id: string, seed: number) => ({ id, seed, values: { accuracy: 0.5 } });
  const compare = (first: ReturnType<typeof run>[], second: ReturnType<typeof run>[]) =>
    compareArms(
      [accuracy],
      [
        { name: 'base', runs: first },
        { name: 'other', runs: second },
      ],
    );
  assert.throws(() => compare([run('x', 1), run('x', 2)], [run('y', 1)]), {
    message: /The run x is counted twice, in base/,
  });
  assert.throws(() => compare([run('x', 1)], [run('x', 1)]), { message: /counted twice, in base and in other/ });
  assert.throws(() => compare([run('x', 1), run('z', 1)], [run('y', 1)]), { message: /base has two runs of seed 1/ });
});

test('P(ahead) counts pairs in the direction that the metric means, ties half', () => {
  const rows = [
    [0.6, 0.2],
    [0.4, 0.05],
    [0.5, 0.1],
    [0.7, 0.3],
  ];
  const against = arm(
    'base',
    rows.map(() => [0.5, 0.1]),
  );
  const shares = compareArms([accuracy, error], [against, arm('other', rows)]).pairs.map(
    ({ superiority }) => superiority.share,
  );
  assert.deepEqual(shares, [2.5 / 4, 1.5 / 4]);
});

test('a duel that stops by itself: no look before five pairs, then equal, better or hopeless', () => {
  const rule = { atMost: 10, equalWithin: 2 };
  const duel = (differences: readonly number[]) =>
    compareArms(
      [accuracy],
      [
        base(differences.length),
        arm(
          'other',
          differences.map((value) => [0.5 + value]),
        ),
      ],
      rule,
    );
  const small = [0.001, -0.002, 0.003, -0.001, 0.001];
  assert.equal(mayStop(duel(small.slice(0, 4))), false);
  assert.deepEqual([duel(small).pairs[0]?.verdict, mayStop(duel(small))], ['equal', true]);
  const large = [0.1, 0.11, 0.09, 0.105, 0.095];
  assert.deepEqual([duel(large).pairs[0]?.verdict, duel(large).pairs[0]?.decidedBy], ['better', 'sequential']);
  const noisy = [0.1, -0.09, 0.05, -0.06, 0.01];
  assert.deepEqual([duel(noisy).pairs[0]?.hopeless, mayStop(duel(noisy))], [true, true]);
  const open = [0.05, 0.01, 0.07, -0.01, 0.06];
  assert.deepEqual([duel(open).pairs[0]?.verdict, mayStop(duel(open))], ['notDistinguishable', false]);
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
