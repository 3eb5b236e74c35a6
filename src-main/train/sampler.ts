import type { Plan } from '../../src-shared/experiment.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';

/**
 * The batches of one epoch, as positions in the training part. Images that do not fill a last batch are left out of the
 * epoch. Throws 'wrong-input' where the images fill no batch.
 */
export function batchesOfEpoch(
  training: Plan['training'],
  labels: Int32Array,
  at: { readonly seed: number; readonly epoch: number },
): number[][] {
  const random = randomStream(at.seed, 'batches', at.epoch);
  const { sampler, batchSize } = training;
  return sampler.name === 'shuffled'
    ? shuffledBatches(labels.length, batchSize, random)
    : balancedBatches(labels, { ...sampler, batchSize }, random);
}

/** All images in a random order. */
function shuffledBatches(images: number, batchSize: number, random: RandomStream): number[][] {
  if (images < batchSize)
    throw new ArcBenchError(
      'wrong-input',
      `The training part has ${images} images, fewer than the batch size ${batchSize}: lower training.batchSize.`,
    );
  const order = random.shuffle(Array.from({ length: images }, (_, position) => position));
  return Array.from({ length: Math.floor(images / batchSize) }, (_, index) =>
    order.slice(index * batchSize, (index + 1) * batchSize),
  );
}

/** Batches of P identities with K images each. An identity with fewer images gives some of them more than once. */
function balancedBatches(
  labels: Int32Array,
  plan: { readonly identities: number; readonly images: number; readonly batchSize: number },
  random: RandomStream,
): number[][] {
  const { identities, images, batchSize } = plan;
  if (identities * images !== batchSize)
    throw new ArcBenchError(
      'wrong-input',
      `The pk sampler gives ${identities} x ${images} = ${identities * images} images a batch, but ` +
        `training.batchSize is ${batchSize}: make them equal.`,
    );
  const byLabel = groupBy(labels.keys(), (position) => labels[position]!);
  if (byLabel.size < identities)
    throw new ArcBenchError(
      'wrong-input',
      `The pk sampler needs ${identities} identities a batch, but the training part has ${byLabel.size}: lower ` +
        'training.sampler.identities.',
    );
  const drawImages = (own: readonly number[]) => {
    const drawn = random.shuffle(own).slice(0, images);
    while (drawn.length < images) drawn.push(own[random.integer(own.length)]!);
    return drawn;
  };
  const batches = Math.max(1, Math.floor(labels.length / batchSize));
  return Array.from({ length: batches }, () =>
    random
      .shuffle([...byLabel.keys()])
      .slice(0, identities)
      .flatMap((label) => drawImages(byLabel.get(label)!)),
  );
}
