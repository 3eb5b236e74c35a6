import { createHash } from 'node:crypto';
import type { Plan } from '../../../src-shared/experiment.ts';
import { drawAugmentation } from '../../train/augmentationDraws.ts';
import { batchesOfEpoch } from '../../train/sampler.ts';

export interface Draws {
  readonly batchOrder: string;
  readonly augmentation: string;
}

/**
 * SHA-256 of the batches of every epoch, and of the augmentation's draws for the first and last batch of each, made as
 * the trainer makes them.
 */
export function drawsOf(
  { training, prepare, extends: extended }: Pick<Plan, 'training' | 'prepare' | 'extends'>,
  labels: Int32Array,
  seed: number,
): Draws {
  const order = createHash('sha256');
  const augmentation = createHash('sha256');
  const { batchSize } = training;
  const before = extended?.epochs ?? 0;
  for (let epoch = before; epoch < before + training.epochs; epoch++) {
    const batches = batchesOfEpoch(training, labels, { seed, epoch });
    for (const batch of batches) order.update(Int32Array.from(batch));
    for (const batch of new Set([0, batches.length - 1])) {
      for (const [name, values] of Object.entries(
        drawAugmentation(training.augmentation, prepare.inputSize, { seed, epoch, batch, batchSize }),
      ))
        augmentation.update(name).update(values);
    }
  }
  return { batchOrder: order.digest('hex'), augmentation: augmentation.digest('hex') };
}
