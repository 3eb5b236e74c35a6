import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src-shared/experiment.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { storedPlan } from '../../src-main/workbench/experiment/storedPlan.ts';

/** Hashes of plans as they were stored on 30 November 2026: a run is found again by its plan's hash. */
const stored: Readonly<Record<string, string>> = {
  '': 'da45bb170609ee767479a8105f9d6cfbea4685b1d62ef8b40cd788c3698e1f2a',
  'split: { minImages: 3 }\ntraining: { epochs: 5, optimizer: adamw }\nseeds: 3':
    '357fa5256b4c9ef55561f69cf6b1cd6b60768d8278de24b90b1fc5890d60c041',
  'arms:\n  - { name: CosFace, loss: { name: cosFace, margin: 0.2 } }\nevaluation: { flip: false }':
    'cb40cb69494f0d67c6eaf4d23b88a72d8c092849e2a01f4bd0e4a88ecf8fd9c8',
  'ladder: true': 'fa89035db5f11ccff846d2e2756de1fda86f850f3e906d28e56279e50114d99d',
  'model: { backbone: efficientnet-lite0 }': '86106f05abff029975d7fc15de0cba5e5c1b454334c349c820427cf2b524ad91',
  'model: { backbone: resnet18, weights: w.pth }': '100dc5f66bc77ff3a12f28e684766ebe361e697c62186106c49ebcc693d49c39',
  'arms: [{ name: a, loss: combinedMargin }, { name: b, loss: subCenterArcFace }, { name: c, loss: normFace }]':
    '12edb1c84b5779dd816a3bfb469ddccaef8826704bc819acb2ed602a937567c5',
  'arms: [{ name: a, loss: arcFace }, { name: b, loss: cosFace + 0.1 triplet }]':
    'b6ef558cd138e61ed861bce9cbd9760b20275bc4cd155e7c2d39cdc56d997943',
};

test('plans that were stored before a knob came keep their hash', () => {
  for (const [text, hash] of Object.entries(stored))
    assert.equal(planHash(parseExperiment(text, 'stored.yaml')), hash, `the hash of this plan changed:\n${text}`);
});

const hashOf = (text: string) => planHash(parseExperiment(text, 'plan.yaml'));

test('a knob that came later is in the hash where it changes what is trained', () => {
  const plain = 'arms: [{ name: a, loss: arcFace }, { name: b, loss: cosFace + 0.1 triplet }]';
  const smoothed = 'arms: [{ name: a, loss: { name: arcFace, labelSmoothing: 0.1 } }, { name: b, loss: cosFace }]';
  assert.notEqual(hashOf(plain), hashOf(smoothed));
  const fromFile = (model: string) => hashOf(`model: { backbone: resnet18, weights: w.pth${model} }`);
  assert.equal(fromFile(''), fromFile(', batchNormMomentum: 0'));
  assert.notEqual(fromFile(''), fromFile(', batchNormMomentum: 0.3'));
  assert.notEqual(hashOf(''), hashOf('training: { backboneRate: 0.1 }'));
  assert.notEqual(hashOf(''), hashOf('training: { freezeBackboneEpochs: 1 }'));
  assert.notEqual(hashOf(''), hashOf('training: { tensorboard: true }'));
  assert.equal(hashOf(''), hashOf('training: { precision: float32 }'));
  assert.notEqual(hashOf(''), hashOf('training: { precision: bfloat16 }'));
  assert.notEqual(hashOf(''), hashOf("data: { licence: 'CC BY 4.0' }"));
  assert.notEqual(hashOf(''), hashOf('split: { valPeople: 0.1 }'));
  assert.equal(hashOf(''), hashOf('evaluation: { select: accuracy }'));
  assert.notEqual(hashOf('split: { valPeople: 0.1 }'), hashOf('evaluation: { select: identification }'));
});

test('only the plans of EfficientNet-Lite from ImageNet got a new hash when their statistics became faster', () => {
  const before = '42791fb0f1ed43d23bb04aecbf29b1ffaa9dcbba4629414a690cc9ca3624dcc8';
  const plan = parseExperiment('model: { backbone: efficientnet-lite0, weights: imagenet }', 'plan.yaml');
  assert.notEqual(planHash(plan), before);
  // A run that began before goes on with the statistics that it began with.
  const { batchNormMomentum: _, ...model } = plan.model;
  const resumed = storedPlan({ ...plan, model } as Plan);
  assert.equal(resumed.model.batchNormMomentum, 0.01);
  assert.equal(planHash(resumed), before);
});
