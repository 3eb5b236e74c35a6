import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedsOfArm } from '../../src-shared/arms.ts';
import { compareArms, mayStop, type ComparedMetric } from '../../src-shared/comparison.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { verdictSentence } from '../../src-shared/verdictSentence.ts';

const metric: ComparedMetric = { key: 'm', title: 'rate', unit: 'share', better: 'higher', primary: true };
const trained = (name: string, values: readonly number[]) => ({
  name,
  runs: values.map((m, at) => ({ id: `${name}${at}`, seed: at + 1, values: { m } })),
});
const fixed = (name: string, m: number) => ({ name, isFixed: true, runs: [{ id: name, seed: 1, values: { m } }] });
const values = [0.81, 0.84, 0.79, 0.86, 0.82, 0.83];

test('a model without seeds is compared with every run of a trained arm: a one-sample test', () => {
  const constant = 0.9;
  const { pairs, noise } = compareArms([metric], [fixed('theirs', constant), trained('ours', values)]);
  const [pair] = pairs;
  assert.deepEqual(pair?.seeds, [1, 2, 3, 4, 5, 6]);
  const differences = values.map((value) => value - constant);
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (differences.length - 1);
  const t975 = 2.570_581_836; // Student's t at 0.975 with five degrees of freedom, from a printed table
  const reach = t975 * Math.sqrt(variance / differences.length);
  assert.ok(Math.abs(pair.mean - mean) < 1e-12);
  assert.ok(
    Math.abs(pair.interval!.low - (mean - reach)) < 1e-6 && Math.abs(pair.interval!.high - (mean + reach)) < 1e-6,
  );
  // Student's density with five degrees of freedom, integrated beyond |t| = 7.5633 by the midpoint rule.
  assert.ok(Math.abs(pair.studentP! - 0.000_640_71) < 1e-7, String(pair.studentP));
  assert.equal(pair.verdict, 'worse');
  // The model has no spread of its own to show.
  assert.deepEqual(
    noise.map(({ arm }) => arm),
    ['ours'],
  );
});

test('which of the two is the first arm changes the sign only', () => {
  const first = compareArms([metric], [fixed('theirs', 0.9), trained('ours', values)]).pairs[0]!;
  const second = compareArms([metric], [trained('ours', values), fixed('theirs', 0.9)]).pairs[0]!;
  assert.ok(Math.abs(first.mean + second.mean) < 1e-12);
  assert.deepEqual([second.verdict, second.pairs, second.studentP], ['better', 6, first.studentP]);
});

test('two models without seeds have one pair, which no seed settles and no duel waits for', () => {
  const arms = [fixed('theirs', 0.9), fixed('others', 0.7), trained('ours', [0.5, 0.51, 0.5, 0.52, 0.51])];
  const { pairs } = compareArms([metric], arms, { atMost: 10, equalWithin: 0.2 });
  const both = pairs.find(({ arm }) => arm === 'others')!;
  assert.deepEqual([both.pairs, both.fixedArms, both.adjustedP], [1, 2, null]);
  assert.ok(mayStop({ pairs }), 'the trained arm is decided');
  const sentence = verdictSentence(both, reportTexts('en'));
  assert.match(sentence, /others has 70\.0 % and theirs has 90\.0 %.*Neither was trained here/);
  assert.doesNotMatch(sentence, /Add seeds|from chance/);
});

test('one seed beside a model without seeds is told from chance by nobody', () => {
  const [pair] = compareArms([metric], [trained('ours', [0.8]), fixed('theirs', 0.9)]).pairs;
  assert.match(verdictSentence(pair!, reportTexts('en')), /\*\*one run cannot tell this difference from chance\*\*/);
});

test('a model without seeds has one run, or one on each split that the seeds draw', () => {
  const arms = [
    { name: 'ours', loss: 'arcFace' },
    { name: 'theirs', onnx: 'm.onnx' },
  ];
  const seedsIn = (split: object) => {
    const plan = experimentSchema.parse({ seeds: [3, 5, 7], arms, split });
    return plan.arms.map((arm) => seedsOfArm(plan, arm));
  };
  assert.deepEqual(seedsIn({}), [[3, 5, 7], [3]]);
  assert.deepEqual(seedsIn({ seed: 'perSeed' }), [
    [3, 5, 7],
    [3, 5, 7],
  ]);
});
