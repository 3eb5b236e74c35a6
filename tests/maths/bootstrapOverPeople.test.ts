import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  areaUnderCurveOf,
  bootstrapOverPeople,
  equalErrorRateOf,
  truePositiveRateAt,
  type PairSample,
} from '../../src-shared/maths/bootstrapOverPeople.ts';
import { countPairs, levelOf } from '../../src-shared/maths/countPairs.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { areaUnderCurve, equalErrorRate } from '../../src-shared/maths/rocCurve.ts';
import { wilsonInterval } from '../../src-shared/maths/statistics.ts';

const levels = Float64Array.from({ length: 200 }, (_, level) => 1 - level / 100);

/** Two groups of people, and pairs whose similarity depends on who is in them. */
function drawnPairs(seed: number) {
  const random = randomStream(seed, 'pairs');
  const groups = [12, 30];
  const counter = countPairs(groups, levels.length);
  const ease = Array.from({ length: 42 }, () => random.normal() * 0.15);
  const genuine: { person: number; score: number }[] = [];
  const impostors: { people: [number, number]; score: number }[] = [];
  for (let person = 0; person < 12; person++) {
    for (let pair = 0; pair < 20; pair++) genuine.push({ person, score: 0.5 + ease[person]! + 0.2 * random.normal() });
    for (let other = person + 1; other < 42; other++)
      impostors.push({ people: [person, other], score: ease[other]! + 0.25 * random.normal() });
  }
  for (const { person, score } of genuine) counter.genuine(person, levelOf(levels, score));
  for (const { people, score } of impostors)
    for (const person of people) counter.impostor(person, levelOf(levels, score));
  return { pairs: counter.result(), genuine, impostors };
}

test('the interval is that of a plain bootstrap which weighs every pair by its people, to a tenth of its width', () => {
  const { pairs, genuine, impostors } = drawnPairs(1);
  const rate = 0.1;
  // By the definition: draw people, weigh each pair, and find the threshold that a tenth of the weight is above.
  const random = randomStream(2, 'plain');
  const judge = (weights: readonly number[]) => {
    const falling = impostors
      .map(({ people: [one, other], score }) => ({ score, weight: weights[one]! + weights[other]! - 1 }))
      .sort((a, b) => b.score - a.score);
    const allowed = rate * falling.reduce((sum, { weight }) => sum + weight, 0);
    let above = 0;
    const threshold = falling.find(({ weight }) => (above += weight) >= allowed)!.score;
    const weightOf = (of: typeof genuine) => of.reduce((sum, { person }) => sum + weights[person]!, 0);
    return weightOf(genuine.filter(({ score }) => score > threshold)) / weightOf(genuine);
  };
  const value = judge(Array.from({ length: 42 }, () => 1));
  const drawn = Array.from({ length: 1000 }, () => {
    const weights = Array.from({ length: 42 }, () => 0);
    for (let draw = 0; draw < 12; draw++) weights[random.integer(12)]!++;
    for (let draw = 0; draw < 30; draw++) weights[12 + random.integer(30)]!++;
    return judge(weights);
  });
  const mean = drawn.reduce((sum, own) => sum + own, 0) / drawn.length;
  const error = Math.sqrt((drawn.reduce((sum, own) => sum + (own - mean) ** 2, 0) / 999) * (12 / 11));
  const [interval] = bootstrapOverPeople(pairs, [{ value, statistic: truePositiveRateAt(rate) }], 1);
  const logit = (share: number) => Math.log(share / (1 - share));
  const reach = (logit(interval!.high) - logit(interval!.low)) / 2;
  // Student's quantile of the interval is between that of 11 degrees of freedom (2.201) and of 2 (4.303).
  const quantile = (reach * value * (1 - value)) / error;
  assert.ok(quantile > 2.201 * 0.9 && quantile < 4.303 * 1.1, String(quantile));
  assert.ok(interval!.low < value && value < interval!.high);
});

test('the counts by person give the same rates as the pairs themselves, to the distance of two levels', () => {
  const { pairs, genuine, impostors } = drawnPairs(3);
  const people = pairs.genuine.length;
  const sum = (counts: Float64Array, row: number) =>
    counts.subarray(row * people, (row + 1) * people).reduce((total, count) => total + count, 0);
  const sample: PairSample = {
    levels: levels.length,
    genuine: sum(pairs.genuine, 0),
    impostors: sum(pairs.impostors, 0) / 2,
    genuineAbove: (level) => sum(pairs.genuineAbove, level),
    impostorsAbove: (level) => sum(pairs.impostorsAbove, level) / 2,
  };
  const scores = [genuine, impostors].map((kind) => kind.map(({ score }) => score)) as [number[], number[]];
  assert.deepEqual([sample.genuine, sample.impostors], [genuine.length, impostors.length]);
  assert.ok(Math.abs(areaUnderCurveOf(sample) - areaUnderCurve(...scores)) < 1e-3);
  assert.ok(Math.abs(equalErrorRateOf(sample) - equalErrorRate(...scores)) < 0.01);
});

test('the same seed gives the same interval, and another seed almost the same', () => {
  const { pairs } = drawnPairs(4);
  const interval = (seed: number) =>
    bootstrapOverPeople(pairs, [{ value: 0.8, statistic: truePositiveRateAt(0.1) }], seed)[0]!;
  assert.deepEqual(interval(1), interval(1));
  assert.notDeepEqual(interval(1), interval(2));
  assert.ok(Math.abs(interval(1).low - interval(2).low) < 0.05);
});

test('where every pair is right, people are the trials, not pairs', () => {
  const counter = countPairs([8], levels.length);
  for (let person = 0; person < 8; person++) {
    for (let pair = 0; pair < 100; pair++) counter.genuine(person, 0);
    for (const one of [person, (person + 1) % 8]) counter.impostor(one, levels.length);
  }
  const [interval] = bootstrapOverPeople(counter.result(), [{ value: 1, statistic: truePositiveRateAt(0.1) }], 1);
  assert.deepEqual(interval, wilsonInterval(8, 8));
  assert.ok(interval!.low < 0.7);
});
