import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { unpairedRuns, type SharedHashes } from '../../src-shared/pairing.ts';
import { drawsOf } from '../../src-main/workbench/experiment/drawsOf.ts';

const hashes: SharedHashes = { split: 's', initialWeights: 'w', batchOrder: 'b', augmentation: 'a' };

test(
  'runs of one seed are paired where all four hashes agree; the arm that differs is named, and what was never ' +
    'stored',
  () => {
    const runs = [1, 2].flatMap((seed) =>
      ['CE', 'ArcFace'].map((arm) => ({ arm, seed, hashes: { ...hashes, batchOrder: `b${seed}` } })),
    );
    assert.deepEqual(unpairedRuns(runs), []);
    const changed = runs.map((run) =>
      run.arm === 'ArcFace' && run.seed === 2
        ? { ...run, hashes: { ...run.hashes, batchOrder: 'other', augmentation: null } }
        : run,
    );
    assert.deepEqual(unpairedRuns(changed), [
      { arm: 'ArcFace', seed: 2, part: 'batchOrder', how: 'differs' },
      { arm: 'ArcFace', seed: 2, part: 'augmentation', how: 'unknown' },
    ]);
  },
);

test('the hashes of the draws change with seed, sampler and augmentation, and with nothing else', () => {
  const labels = Int32Array.from({ length: 24 }, (_, index) => index % 6);
  const of = (training: object, seed = 1) =>
    drawsOf(
      experimentSchema.parse({
        prepare: { inputSize: 32 },
        training: { epochs: 3, batchSize: 6, augmentation: { shift: 0.1 }, ...training },
      }),
      labels,
      seed,
    );
  const first = of({});
  assert.deepEqual(of({ learningRate: 1 }), first);
  const other = of({}, 2);
  assert.ok(other.batchOrder !== first.batchOrder && other.augmentation !== first.augmentation);
  const pk = of({ sampler: { name: 'pk', identities: 3, images: 2 } });
  assert.ok(pk.batchOrder !== first.batchOrder && pk.augmentation === first.augmentation);
  const brighter = of({ augmentation: { shift: 0.1, brightness: 0.2 } });
  assert.ok(brighter.batchOrder === first.batchOrder && brighter.augmentation !== first.augmentation);
});
