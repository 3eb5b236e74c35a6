import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeLoss, lossSchema } from '../../src-shared/losses.ts';
import { refuseSampler } from '../../src-shared/refuseTraining.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';

const fault = (loss: string): string => {
  try {
    parseExperiment(`arms:\n  - name: one\n    loss: ${loss}\n`, 'file.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'no fault';
};

test('a sum is read from its text and from its terms alike', () => {
  const written = { name: 'sum', terms: [{ loss: 'arcFace' }, { weight: 0.1, loss: { name: 'triplet' } }] };
  assert.deepEqual(lossSchema.parse('arcFace + 0.1 triplet'), lossSchema.parse(written));
  assert.deepEqual(lossSchema.parse(lossSchema.parse(written)), lossSchema.parse(written));
  assert.equal(describeLoss(lossSchema.parse('arcFace + 0.1*triplet')).title, 'ArcFace + 0.1 Triplet loss');
});

test('the center loss alone is joined to cross-entropy, as in its paper', () => {
  assert.deepEqual(lossSchema.parse('center'), lossSchema.parse('crossEntropy + 0.003 center'));
  assert.match(fault('0.5 center'), /needs another loss beside it/);
});

test('a sum that cannot be is refused in one sentence', () => {
  assert.match(
    fault('arcFace + 0.1 triplt'),
    /line 3: 'arms\[0\]\.loss': there is no loss 'triplt' .*nearest known name is 'triplet'/,
  );
  assert.match(fault('arcFace + cosFace'), /at most one loss with class scores/);
  assert.match(fault('arcFace + 5000 triplet'), /weight 5000 .* at most 1000/);
  assert.match(fault('{name: magFace, lowerNorm: 200}'), /lowerNorm must stay below upperNorm/);
});

test('a pair loss without a pk sampler is refused with the sampler to set', () => {
  const shuffled = { batchSize: 64, sampler: { name: 'shuffled' } };
  const pk = { batchSize: 64, sampler: { name: 'pk' } };
  assert.match(
    refuseSampler(lossSchema.parse('arcFace + 0.1 triplet'), shuffled) ?? '',
    /triplet loss .*\{name: pk, identities: 16, images: 4\}/,
  );
  assert.equal(refuseSampler(lossSchema.parse('supCon'), pk), null);
  for (const name of ['arcFace', 'center', 'arcFace + 0.01 center'])
    assert.equal(refuseSampler(lossSchema.parse(name), shuffled), null);
});
