import type { Plan } from '../../src-shared/experiment.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

/**
 * Full batches of one epoch as positions in the training part; the rest that fills no batch is dropped. Throws
 * 'wrong-input' where not one batch can be filled.
 */
export function batchesOfEpoch(
  training: Plan['training'],
  labels: Int32Array,
  at: { readonly seed: number; readonly epoch: number },
): number[][] {
  const { sampler, batchSize } = training;
  const random = randomStream(at.seed, 'batches', at.epoch);
  if (sampler.name === 'shuffled') {
    if (labels.length < batchSize)
      throw new ArcBenchError(
        'wrong-input',
        `The training part has ${labels.length} images, fewer than the batch size ${batchSize}: lower ` +
          'training.batchSize.',
      );
    const order = random.shuffle(Array.from(labels.keys()));
    return Array.from({ length: Math.floor(order.length / batchSize) }, (_, index) =>
      order.slice(index * batchSize, (index + 1) * batchSize),
    );
  }
  const { identities, images } = sampler;
  if (identities * images !== batchSize)
    throw new ArcBenchError(
      'wrong-input',
      `The pk sampler gives ${identities} x ${images} = ${identities * images} images a batch, but ` +
        `training.batchSize is ${batchSize}: make them equal.`,
    );
  const byLabel = new Map<number, number[]>();
  labels.forEach((label, position) => byLabel.set(label, [...(byLabel.get(label) ?? []), position]));
  if (byLabel.size < identities)
    throw new ArcBenchError(
      'wrong-input',
      `The pk sampler wants ${identities} identities a batch, but the training part has ${byLabel.size}: ` +
        'lower training.sampler.identities.',
    );
  const count = Math.max(1, Math.floor(labels.length / batchSize));
  return Array.from({ length: count }, () =>
    random
      .shuffle([...byLabel.keys()])
      .slice(0, identities)
      .flatMap((label) => {
        const own = byLabel.get(label) as number[];
        const drawn = random.shuffle(own).slice(0, images);
        // An identity with fewer images than asked gives some of them more than once.
        while (drawn.length < images) drawn.push(own[random.integer(own.length)] as number);
        return drawn;
      }),
  );
}
