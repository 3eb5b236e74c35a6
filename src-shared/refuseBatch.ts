import type { Plan } from './experiment.ts';

/** Why a training part of this size fills no batch, with the knob to change; null where it does. */
export function refuseBatch(
  { batchSize, sampler }: Pick<Plan['training'], 'batchSize' | 'sampler'>,
  { images, people }: { readonly images: number; readonly people: number },
): { readonly knob: string; readonly sentence: string } | null {
  if (sampler.name === 'shuffled')
    return images >= batchSize
      ? null
      : {
          knob: 'training.batchSize',
          sentence:
            `the training part has ${images} images, fewer than the batch size ${batchSize}: lower ` +
            'training.batchSize',
        };
  if (sampler.identities * sampler.images !== batchSize)
    return {
      knob: 'training.batchSize',
      sentence:
        `the pk sampler gives ${sampler.identities} x ${sampler.images} = ${sampler.identities * sampler.images} ` +
        `images a batch, but training.batchSize is ${batchSize}: make them equal`,
    };
  return people >= sampler.identities
    ? null
    : {
        knob: 'training.sampler',
        sentence:
          `the pk sampler needs ${sampler.identities} identities a batch, but the training part has ${people}: lower ` +
          'training.sampler.identities',
      };
}
