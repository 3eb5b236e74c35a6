import { test } from 'node:test';
import assert from 'node:assert/strict';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { planDifference } from '../../src-shared/planDifference.ts';

const difference = (arms: readonly unknown[]) => planDifference(experimentSchema.parse({ arms }));

test('only the knobs that differ are named, a missing one by a dash', () => {
  assert.deepEqual(
    difference([
      { name: 'plain', loss: { name: 'crossEntropy', labelSmoothing: 0 } },
      { name: 'norm', loss: { name: 'normFace', scale: 64 } },
      { name: 'arc', loss: { name: 'arcFace', marginRadians: 0.5, scale: 64 } },
    ]),
    [
      { knob: 'loss.name', values: ['crossEntropy', 'normFace', 'arcFace'] },
      { knob: 'loss.scale', values: ['—', '64', '64'] },
      { knob: 'loss.marginRadians', values: ['—', '—', '0.5'] },
    ],
  );
});

test('arms that differ in name alone do not differ, nor does one arm', () => {
  const loss = { name: 'arcFace', marginRadians: 0.5, scale: 64 } as const;
  assert.deepEqual(
    difference([
      { name: 'a', loss },
      { name: 'b', loss },
    ]),
    [],
  );
  assert.deepEqual(difference([{ name: 'a', loss }]), []);
});

test('a knob that one arm sets otherwise is shown with the shared value of the other', () => {
  assert.deepEqual(
    difference([
      { name: 'a', loss: 'crossEntropy' },
      { name: 'b', loss: 'crossEntropy', settings: { 'training.learningRate': 0.3 } },
    ]),
    [{ knob: 'training.learningRate', values: ['0.1', '0.3'] }],
  );
});

test('beside a sum, a single loss is a sum of one: only what the sum adds differs', () => {
  assert.deepEqual(
    difference([
      { name: 'a', loss: 'arcFace' },
      { name: 'b', loss: 'arcFace + 0.1 triplet' },
    ]),
    [
      { knob: 'loss.triplet.weight', values: ['—', '0.1'] },
      { knob: 'loss.triplet.mining', values: ['—', 'batchHard'] },
      { knob: 'loss.triplet.margin', values: ['—', '0.3'] },
      { knob: 'loss.triplet.distance', values: ['—', 'euclidean'] },
      { knob: 'loss.triplet.average', values: ['—', 'all'] },
    ],
  );
});
