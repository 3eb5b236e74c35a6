import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { batchesOfEpoch } from '../../src-main/train/sampler.ts';

test('batches of people are drawn from very many people in time that does not grow with their number', () => {
  const people = 100_000;
  const training = experimentSchema.parse({
    training: { batchSize: 64, sampler: { name: 'pk', identities: 16, images: 4 } },
  }).training;
  const labels = Int32Array.from({ length: 2 * people }, (_, row) => row % people);
  const started = performance.now();
  const batches = batchesOfEpoch(training, labels, { seed: 1, epoch: 0 });
  // A shuffle of all people for each of these batches takes minutes.
  assert.ok(performance.now() - started < 10_000, `${performance.now() - started} ms`);
  assert.equal(batches.length, Math.floor(labels.length / 64));
  const times = new Int32Array(people);
  for (const batch of batches) {
    const own = new Set(batch.map((position) => labels[position]!));
    assert.equal(own.size, 16, 'people of a batch are different ones');
    for (const person of own) times[person]!++;
  }
  // 50,000 draws among 100,000 people: e^-0.5 = 60.7 % are drawn never, 7.6 % twice. Within 1 %.
  const share = (count: number) => times.filter((time) => time === count).length / people;
  assert.ok(Math.abs(share(0) - Math.exp(-0.5)) < 0.01, `${share(0)}`);
  assert.ok(Math.abs(share(2) - Math.exp(-0.5) / 8) < 0.01, `${share(2)}`);
  assert.deepEqual(batchesOfEpoch(training, labels, { seed: 1, epoch: 0 }).slice(0, 3), batches.slice(0, 3));
  assert.notDeepEqual(batchesOfEpoch(training, labels, { seed: 1, epoch: 1 })[0], batches[0]);
});
