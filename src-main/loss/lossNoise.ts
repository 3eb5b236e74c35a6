import type { LossPlan } from '../../src-shared/losses.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { classificationLoss } from './classificationLosses.ts';

const inputPrefix = 'lossNoise/';

/** Names and shapes of the inputs that a training step of the loss is fed with standard normal numbers. */
export const lossNoiseInputs = (
  plan: LossPlan,
  batchSize: number,
): Map<string, { readonly shape: readonly number[]; readonly dtype: 'float32' }> =>
  new Map(
    (classificationLoss(plan).noise?.({ plan, batchSize }) ?? []).map(({ name, shape }) => [
      inputPrefix + name,
      { shape, dtype: 'float32' },
    ]),
  );

/** The loss's noise among a step's inputs, by the loss's own names. */
export const lossNoiseOf = <T>(inputs: Readonly<Record<string, T>>): Map<string, T> =>
  new Map(
    Object.entries(inputs)
      .filter(([name]) => name.startsWith(inputPrefix))
      .map(([name, value]) => [name.slice(inputPrefix.length), value]),
  );

/** The draws of one step. They depend only on seed, epoch and batch. */
export function drawLossNoise(
  plan: LossPlan,
  {
    seed,
    epoch,
    batch,
    batchSize,
  }: { readonly seed: number; readonly epoch: number; readonly batch: number; readonly batchSize: number },
): Record<string, Float32Array> {
  return Object.fromEntries(
    [...lossNoiseInputs(plan, batchSize)].map(([name, { shape }]) => {
      const random = randomStream(seed, 'lossNoise', name, epoch, batch);
      return [name, Float32Array.from({ length: elementCount(shape) }, random.normal)];
    }),
  );
}
