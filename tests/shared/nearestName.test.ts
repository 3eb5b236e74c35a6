import { test } from 'node:test';
import assert from 'node:assert/strict';
import { nearestName } from '../../src-shared/nearestName.ts';

test('a slip of letters or case finds its name, another word none', () => {
  assert.equal(nearestName('arcface', ['crossEntropy', 'normFace', 'arcFace']), 'arcFace');
  assert.equal(nearestName('crosEntropie', ['crossEntropy', 'normFace', 'arcFace']), 'crossEntropy');
  assert.equal(nearestName('learningrte', ['batchSize', 'learningRate']), 'learningRate');
  assert.equal(nearestName('qqqqqq', ['batchSize', 'learningRate']), null);
  assert.equal(nearestName('x', []), null);
});
