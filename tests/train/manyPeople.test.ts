import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { batchesOfEpoch } from '../../src-main/train/sampler.ts';

test('batches of people are drawn from very many people in time that does not grow with their number', () => {
  const people = 400_000;
  const training = experimentSchema.parse({
    training: { batchSize: 64, sampler: { name: 'pk', identities: 16, images: 4 } },
  }).training;
  const labels = Int32Array.from({ length: people }, (_, row) => row);
  const started = performance.now();
  const batches = batchesOfEpoch(training, labels, { seed: 1, epoch: 0 });
  // A shuffle of all people for each of these 6,250 batches takes more than half a minute, this a second.
  assert.ok(performance.now() - started < 25_000, `${performance.now() - started} ms`);
  assert.equal(batches.length, Math.floor(labels.length / 64));
  const times = new Int32Array(people);
  for (const batch of batches) {
    const own = new Set(batch.map((position) => labels[position]!));
    assert.equal(own.size, 16, 'people of a batch are different ones');
    for (const person of own) times[person]!++;
  }
  // 100,000 draws among 400,000 people: e^-0.25 = 77.9 % are drawn never, 2.4 % twice. Within 0.5 %.
  const share = (count: number) => times.filter((time) => time === count).length / people;
  assert.ok(Math.abs(share(0) - Math.exp(-0.25)) < 0.005, `${share(0)}`);
  assert.ok(Math.abs(share(2) - Math.exp(-0.25) / 32) < 0.005, `${share(2)}`);
  assert.notDeepEqual(batchesOfEpoch(training, labels, { seed: 1, epoch: 1 })[0], batches[0]);
});
