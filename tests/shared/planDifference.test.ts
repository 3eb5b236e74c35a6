import { test } from 'node:test';
import assert from 'node:assert/strict';
import { planDifference } from '../../src-shared/planDifference.ts';

test('only the knobs that differ are named, a missing one by a dash', () => {
  assert.deepEqual(planDifference([
    { name: 'plain', loss: { name: 'crossEntropy', labelSmoothing: 0 } },
    { name: 'norm', loss: { name: 'normFace', scale: 64 } },
    { name: 'arc', loss: { name: 'arcFace', marginRadians: 0.5, scale: 64 } },
  ]), [
    { knob: 'loss.name', values: ['crossEntropy', 'normFace', 'arcFace'] },
    { knob: 'loss.labelSmoothing', values: ['0', '—', '—'] },
    { knob: 'loss.scale', values: ['—', '64', '64'] },
    { knob: 'loss.marginRadians', values: ['—', '—', '0.5'] },
  ]);
});

test('arms that differ in name alone do not differ, nor does one arm', () => {
  const loss = { name: 'arcFace', marginRadians: 0.5, scale: 64 } as const;
  assert.deepEqual(planDifference([{ name: 'a', loss }, { name: 'b', loss }]), []);
  assert.deepEqual(planDifference([{ name: 'a', loss }]), []);
});
