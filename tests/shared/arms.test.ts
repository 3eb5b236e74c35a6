import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema, planOfArm } from '../../src-shared/experiment.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { planDifference } from '../../src-shared/planDifference.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';

const parse = (text: string) => parseExperiment(text, 'e.yaml');
const sweep = (knobs: string, more = '') =>
  parse(
    'arms: [{name: CE, loss: crossEntropy}, {name: ArcFace, loss: {name: arcFace, scale: 32}}]\nsweep:\n  ' +
      `knobs:\n    ${knobs}\n${more}`,
  );

test('a ladder is one line: each arm changes one thing of the one before', () => {
  const plan = parse('ladder: true');
  assert.deepEqual(
    plan.arms.map((arm) => [arm.name, arm.loss?.name, arm.against]),
    [
      ['cross-entropy', 'crossEntropy', undefined],
      ['NormFace (s = 1)', 'normFace', 'cross-entropy'],
      ['NormFace (s = 64)', 'normFace', 'NormFace (s = 1)'],
      ['ArcFace', 'arcFace', 'NormFace (s = 64)'],
      ['Sub-center ArcFace', 'subCenterArcFace', 'ArcFace'],
    ],
  );
  // From the second step on, one knob of the loss changes (the loss's name aside): scale, margin, number of centres.
  const changed = plan.arms.slice(2).map((arm, index) =>
    planDifference({ ...plan, arms: [plan.arms[index + 1]!, arm] })
      .map(({ knob }) => knob)
      .filter((knob) => knob !== 'loss.name'),
  );
  assert.deepEqual(changed, [['loss.scale'], ['loss.marginRadians'], ['loss.subCenters']]);
  assert.deepEqual(parse('ladder: {scale: 32, marginRadians: 0.3}').arms[3]?.loss, {
    name: 'arcFace',
    marginRadians: 0.3,
    scale: 32,
    labelSmoothing: 0,
  });
  assert.deepEqual(experimentSchema.parse(plan), plan);
});

test('a grid writes out each combination of the arms that it touches, and parsing a plan again changes nothing', () => {
  const plan = sweep(
    'arms.ArcFace.loss.scale: [16, 32]\n    arms.ArcFace.loss.marginRadians: {from: 0.1, to: 0.5, steps: 3}',
  );
  assert.deepEqual(
    plan.arms.map((arm) => arm.name),
    ['CE', ...[16, 32].flatMap((s) => [0.1, 0.3, 0.5].map((m) => `ArcFace (scale ${s}, marginRadians ${m})`))],
  );
  assert.deepEqual(plan.arms.at(-1), {
    name: 'ArcFace (scale 32, marginRadians 0.5)',
    loss: { name: 'arcFace', marginRadians: 0.5, scale: 32, labelSmoothing: 0 },
    variantOf: 'ArcFace',
  });
  assert.deepEqual(experimentSchema.parse(JSON.parse(JSON.stringify(plan))), plan);
});

test('a shared knob makes variants of all arms, which train by it', () => {
  const plan = sweep('training.learningRate: {from: 0.01, to: 1, log: true}\n    arms.ArcFace.loss.scale: [16, 32]');
  assert.deepEqual(
    plan.arms.map((arm) => [arm.variantOf, planOfArm(plan, arm).training.learningRate]),
    [...[0.01, 0.1, 1].map((rate) => ['CE', rate]), ...[0.01, 0.01, 0.1, 0.1, 1, 1].map((rate) => ['ArcFace', rate])],
  );
  assert.equal(plan.training.learningRate, 0.1);
  assert.deepEqual(planDifference(plan).find(({ knob }) => knob === 'training.learningRate')?.values, [
    '0.01',
    '0.1',
    '1',
    '0.01',
    '0.01',
    '0.1',
    '0.1',
    '1',
    '1',
  ]);
});

test('random draws keep to budget, range and seed', () => {
  const draws = (seed: number) =>
    sweep(
      'arms.ArcFace.loss.scale: {from: 8, to: 64, log: true}\n    arms.ArcFace.loss.marginRadians: {from: ' +
        '0.1, to: 0.6}',
      `  search: random\n  budget: 7\n  seed: ${seed}`,
    )
      .arms.slice(1)
      .map((arm) => arm.loss);
  assert.equal(draws(1).length, 7);
  assert.deepEqual(draws(1), draws(1));
  assert.notDeepEqual(draws(1), draws(2));
  for (const loss of draws(3))
    assert.ok(
      loss?.name === 'arcFace' &&
        Number.isInteger(loss.scale) &&
        loss.scale >= 8 &&
        loss.scale <= 64 &&
        loss.marginRadians >= 0.1 &&
        loss.marginRadians <= 0.6,
    );
});

test("an arm's settings are its own", () => {
  const plan = parse(
    'arms: [{name: a, loss: crossEntropy}, {name: b, loss: crossEntropy, settings: ' +
      '{training.optimizer.momentum: 0.5, model.embeddingSize: 64}}]',
  );
  const own = planOfArm(plan, plan.arms[1]!);
  assert.deepEqual(
    [own.training.optimizer, own.model.embeddingSize],
    [{ name: 'sgd', momentum: 0.5, nesterov: false, weightDecay: 5e-4 }, 64],
  );
  assert.deepEqual(planOfArm(plan, plan.arms[0]!), plan);
});

test('a number of seeds is a list from 1 on', () => {
  assert.deepEqual(parse('seeds: 5').seeds, [1, 2, 3, 4, 5]);
  assert.deepEqual(parse('seeds: [7, 3]').seeds, [7, 3]);
  assert.throws(() => parse('seeds: 0'), /'seeds' is 0; expected a list/);
});

test("the report's language is no part of what is trained", () => {
  assert.equal(planHash(parse('report: {language: ru}')), planHash(parse('')));
});

const faults: readonly (readonly [string, string, RegExp])[] = [
  ['a misspelt section', 'sweeep: {}', /line 1: unknown key 'sweeep'; the nearest known name is 'sweep'/],
  [
    'a knob that is not there',
    'sweep:\n  knobs:\n    training.learningrte: [1]',
    /line 3: 'sweep\.knobs\.training\.learningrte': there is no such knob to sweep; the nearest known name is 'training\.learningRate'/,
  ],
  [
    "a loss's knob that is not there",
    'sweep:\n  knobs:\n    arms.ArcFace.loss.scal: [1]',
    /the nearest known name is 'arms\.ArcFace\.loss\.scale'/,
  ],
  [
    'a swept value out of range',
    'sweep:\n  knobs:\n    arms.ArcFace.loss.scale: [16, 5000]',
    /line 3: 'sweep\.knobs\.arms\.ArcFace\.loss\.scale': the arm ArcFace \(scale 5000\) is refused/,
  ],
  [
    'a misspelt range',
    'sweep:\n  knobs:\n    training.learningRate: {form: 0.1, to: 1}',
    /line 3: unknown key 'sweep\.knobs\.training\.learningRate\.form'; the nearest known name is 'from'/,
  ],
  [
    'a value without a list',
    'sweep:\n  knobs:\n    training.learningRate: 3',
    /'sweep\.knobs\.training\.learningRate' is 3; expected a section/,
  ],
  [
    'a range the wrong way round',
    'sweep:\n  knobs:\n    training.learningRate: {from: 1, to: 0.1}',
    /from must be below to/,
  ],
  [
    'a grid beyond its budget',
    'sweep:\n  budget: 3\n  knobs:\n    arms.ArcFace.loss.scale: [1, 2, 4, 8]',
    /line 1: 'sweep': the grid has 4 combinations, more than the budget of 3: raise sweep\.budget, or set sweep\.search to random/,
  ],
  [
    'a search that is not there',
    'sweep:\n  search: gird\n  knobs: {training.epochs: [1]}',
    /line 2: 'sweep\.search' cannot be 'gird'; the nearest known name is 'grid'/,
  ],
  [
    'a ladder with arms',
    'ladder: true\narms: [{name: a, loss: arcFace}]',
    /line 2: 'arms': ladder \(an ablation\) has arms of its own/,
  ],
  ['a ladder with a sweep', 'ladder: true\nsweep: {knobs: {training.epochs: [1, 2]}}', /cannot be combined/],
  [
    "a ladder's unknown key",
    'ladder: {marginRadian: 0.3}',
    /unknown key 'ladder\.marginRadian'; the nearest known name is 'marginRadians'/,
  ],
  [
    'a setting that is no knob',
    'arms:\n  - name: a\n    loss: arcFace\n    settings: {training.epoch: 3}',
    /line 4: 'arms\[0\]\.settings\.training\.epoch': there is no knob 'training\.epoch' of training or model; the nearest known name is 'training\.epochs'/,
  ],
  [
    'a setting out of range',
    'arms:\n  - name: a\n    loss: arcFace\n    settings: {training.epochs: 0}',
    /training\.epochs cannot be 0/,
  ],
  [
    'a step from nowhere',
    'arms: [{name: first, loss: arcFace}, {name: second, loss: arcFace, against: frist}]',
    /there is no other arm 'frist'; the nearest known name is 'first'/,
  ],
  [
    'an unknown language',
    'report: {language: eng}',
    /'report\.language' cannot be 'eng'; the nearest known name is 'en'/,
  ],
];
for (const [what, text, sentence] of faults) {
  test(`${what} is refused with line and key`, () =>
    assert.throws(
      () => parse(text),
      (error) => {
        assert.match((error as Error).message, sentence);
        return true;
      },
    ));
}
