import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOfArm } from '../../src-shared/experiment.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { triedValues } from '../../src-shared/triedValues.ts';
import { tuningTrials } from '../../src-shared/tune.ts';

test('the values of a run are named: of a plain arm, of a variant whose name has no room for them, of a grid', () => {
  const plain = parseExperiment('training: { learningRate: 0.3 }', 'e.yaml');
  assert.equal(triedValues(plain, plain.arms[0]!), 'training.learningRate 0.3');

  const long = 'a'.repeat(75);
  const swept = parseExperiment(
    `arms: [{ name: ${long}, loss: arcFace, settings: { training.batchSize: 16 } }]
sweep: { knobs: { 'arms.${long}.loss.scale': [8, 64], training.learningRate: [0.05, 0.2] } }`,
    'e.yaml',
  );
  const variant = swept.arms.at(-1)!;
  assert.doesNotMatch(variant.name, /64/);
  assert.equal(
    triedValues(planOfArm(swept, variant), variant),
    'training.learningRate 0.2, training.batchSize 16, scale 64',
  );

  const tuned = parseExperiment(
    'tune: { knobs: { training.learningRate: [0.01, 2], training.optimizer.momentum: [0.5] } }',
    'e.yaml',
  );
  const trial = tuningTrials(tuned)[1]!;
  assert.equal(triedValues(planOfArm(tuned, trial), trial), 'training.learningRate 2, training.optimizer.momentum 0.5');
});
