import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapInterval } from '../../src-shared/maths/bootstrapInterval.ts';
import { chiSquaredProbability, chiSquaredQuantile } from '../../src-shared/maths/chiSquaredDistribution.ts';
import { effectSize } from '../../src-shared/maths/effectSize.ts';
import { holm } from '../../src-shared/maths/holm.ts';
import { noiseFloor } from '../../src-shared/maths/noiseFloor.ts';
import { normalProbability, normalQuantile } from '../../src-shared/maths/normalDistribution.ts';
import { pairedDifference } from '../../src-shared/maths/pairedDifference.ts';
import { pairedPower, seedsNeeded } from '../../src-shared/maths/seedsNeeded.ts';
import { signFlipTest, smallestSignFlipP } from '../../src-shared/maths/signFlipTest.ts';
import { studentCentralProbability, studentCentralQuantile } from '../../src-shared/maths/studentDistribution.ts';

// Golden values: SciPy 1.17.1 (scipy.stats, scipy.special).
const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
const differences = [0.012, 0.031, -0.004, 0.022, 0.017, 0.041, 0.009, 0.026, 0.013, 0.055, 0.002, 0.019];
const zeros = (values: readonly number[]) => values.map(() => 0);

test('the distributions equal SciPy (1e-12, quantiles 1e-10 relative)', () => {
  for (const [z, p] of [
    [-6, 9.865876450376946e-10],
    [-2.5, 0.006209665325776132],
    [-0.3, 0.3820885778110474],
    [0, 0.5],
    [1.2, 0.8849303297782918],
    [4, 0.9999683287581669],
  ] as const)
    near(normalProbability(z), p, 1e-12);
  near(normalQuantile(0.975), 1.959963984540054, 1e-10);
  for (const [x, k, p] of [
    [0.001, 1, 0.02522712063003961],
    [0.5, 1, 0.5204998778130466],
    [3.2, 2, 0.7981034820053445],
    [11, 4, 0.9734359856499836],
    [40, 29, 0.9160631015084817],
    [130, 99, 0.9800119698956429],
    [900, 999, 0.011378812916581112],
  ] as const)
    near(chiSquaredProbability(x, k), p, 1e-12);
  for (const [p, k, x] of [
    [0.025, 1, 0.0009820691171752555],
    [0.975, 1, 5.023886187314888],
    [0.025, 2, 0.05063561596857975],
    [0.975, 4, 11.143286781877796],
    [0.5, 29, 28.33612686658445],
  ] as const)
    near(chiSquaredQuantile(p, k), x, 1e-10 * x);
  for (const [t, k, p] of [
    [0.5, 1, 0.2951672353008665],
    [12.7, 1, 0.9499756723106558],
    [2, 2, 0.816496580927726],
    [2.5, 3, 0.9122933529919345],
    [1.1, 4, 0.666916350452446],
    [3.3, 9, 0.990770091681453],
    [2.02, 40, 0.9498837079807816],
    [1.7, 999, 0.9105578017800686],
  ] as const)
    near(studentCentralProbability(t, k), p, 1e-12);
  for (const [p, k, t] of [
    [0.95, 1, 12.706204736174694],
    [0.95, 2, 4.302652729749462],
    [0.95, 4, 2.7764451051977934],
    [0.99, 9, 3.249835541592126],
    [0.975, 30, 2.359562458700931],
  ] as const)
    near(studentCentralQuantile(p, k), t, 1e-10 * t);
});

test(
  'the plain BCa interval equals SciPy with 400,000 resamples (within the error of drawing, 4e-4); expanded, ' +
    'it is wider; a seed fixes it',
  () => {
    const plain = bootstrapInterval(differences, { seed: 1, resamples: 50_000, expanded: false });
    assert.ok(plain);
    near(plain.low, 0.012416666666666668, 4e-4);
    near(plain.high, 0.030500000000000003, 4e-4);
    const expanded = bootstrapInterval(differences, { seed: 1 });
    assert.ok(expanded && expanded.low < plain.low && expanded.high > plain.high);
    assert.deepEqual(expanded, bootstrapInterval(differences, { seed: 1 }));
    assert.notDeepEqual(expanded, bootstrapInterval(differences, { seed: 2 }));
    assert.equal(bootstrapInterval([0.1, 0.1, 0.1], { seed: 1 }), null);
  },
);

/** All patterns of signs, one by one. */
function bruteForce(values: readonly number[]): number {
  const observed = Math.abs(values.reduce((sum, value) => sum + value, 0)) - 1e-12;
  const patterns = Array.from({ length: 2 ** values.length }, (_, pattern) =>
    values.reduce((sum, value, place) => sum + ((pattern >> place) & 1 ? -value : value), 0),
  );
  return patterns.filter((sum) => Math.abs(sum) >= observed).length / patterns.length;
}

test('the sign-flip test equals SciPy and every pattern counted, and cannot reach 0.05 below 6 pairs', () => {
  near(signFlipTest(differences, 1), 0.00146484375, 1e-15);
  for (const values of [
    [1],
    [1, 2, 3],
    [1, -2, 3, 4, -0.5, 2, 2],
    [0, 1, 2, 0],
    [0.1, 0.2, -0.3],
    differences.slice(0, 9),
  ])
    near(signFlipTest(values, 1), bruteForce(values), 1e-15);
  assert.equal(signFlipTest([3, 1, 2, 5, 4], 1), smallestSignFlipP(5));
  assert.ok(smallestSignFlipP(5) > 0.05 && smallestSignFlipP(6) < 0.05);
  // Beyond 20 pairs it draws: within 4 standard errors of the draws from the exact value of a symmetric binomial, P(|B
  // − 11| ≥ 5) of 22.
  const signs = Array.from({ length: 22 }, (_, index) => (index < 16 ? 1 : -1));
  near(signFlipTest(signs, 1), 0.0524787902832, 4 * Math.sqrt((0.0525 * 0.9475) / 100_000));
});

test("Holm's adjustment by hand: 0.01, 0.04, 0.03, 0.005 of four", () => {
  assert.deepEqual(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
  assert.deepEqual(holm([0.9, 0.8]), [1, 1]);
  assert.deepEqual(holm([]), []);
});

test("effect size with Hedges' correction, paired t and the spread's interval equal SciPy (1e-12)", () => {
  const five = differences.slice(0, 5);
  near(effectSize(five) ?? NaN, 0.9566127848312637, 1e-12);
  assert.equal(effectSize([1, 2]), null);
  const few = pairedDifference(zeros(five), five, 1);
  near(few.studentP ?? NaN, 0.05517677791652463, 1e-12);
  near(few.interval?.low ?? NaN, -0.000555952516484633, 1e-12);
  near(few.interval?.high ?? NaN, 0.03175595251648463, 1e-12);
  const many = pairedDifference(zeros(differences), differences, 1);
  near(many.studentP ?? NaN, 0.0013231188745011033, 1e-12);
  // scipy: mean ± t.ppf(0.975, n - 1) s / √n of the same differences.
  const centre = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const reach = ((many.interval?.high ?? NaN) - (many.interval?.low ?? NaN)) / 2;
  near((many.interval?.low ?? NaN) + reach, centre, 1e-12);
  assert.ok(bootstrapInterval(differences, { seed: 1 }) !== null);
  const floor = noiseFloor(five);
  near(floor?.spread ?? NaN, 0.013011533345459328, 1e-15);
  near(floor?.interval.low ?? NaN, 0.007795640818213597, 1e-12);
  near(floor?.interval.high ?? NaN, 0.037389364952841266, 1e-12);
  assert.equal(noiseFloor([1]), null);
});

test('power and the seeds needed equal noncentral t of SciPy (1e-6)', () => {
  for (const [effect, pairs, significance, power] of [
    [0.5, 34, 0.05, 0.8077775012792738],
    [0.8, 15, 0.05, 0.8213105387241096],
    [3, 3, 0.05, 0.7452680070062837],
    [2, 5, 0.025, 0.7803291446012316],
    [0.2, 199, 0.05, 0.8016910240370655],
    [0.1, 4, 0.05, 0.05244404743795378],
    [1.5, 2, 0.05, 0.13295212415702748],
  ] as const)
    near(pairedPower(effect, pairs, significance), power, 1e-6);
  for (const [effect, significance, pairs] of [
    [0.5, 0.05, 34],
    [0.8, 0.05, 15],
    [1, 0.05, 10],
    [2, 0.025, 6],
    [0.2, 0.05, 199],
    [-0.5, 0.05, 34],
  ] as const)
    assert.equal(seedsNeeded(effect, significance), pairs);
  assert.equal(seedsNeeded(0, 0.05), null);
});

test('a paired difference: one pair and equal differences have no interval; lists of two lengths are refused', () => {
  assert.deepEqual(pairedDifference([1], [3], 1), {
    pairs: 1,
    differences: [2],
    mean: 2,
    spread: null,
    interval: null,
    effectSize: null,
    studentP: null,
    signFlipP: null,
  });
  const equal = pairedDifference([0.1, 0.2, 0.3], [0.2, 0.3, 0.4], 1);
  assert.deepEqual([equal.interval, equal.spread, equal.studentP, equal.signFlipP], [null, 0, null, 0.25]);
  assert.throws(() => pairedDifference([1], [1, 2], 1), /one length/);
});
