import { experimentSchema } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { createRunMachine } from '../../src-main/train/createRunMachine.ts';

export const size = 112;
export const classes = 500;

/** Training of a backbone on one batch of noise, 112 x 112, 500 classes, SGD. */
export function benchTraining({ backbone, batchSize }: { readonly backbone: string; readonly batchSize: number }) {
  const planIn = (precision: string) =>
    experimentSchema.parse({
      prepare: { inputSize: size },
      model: { backbone, embeddingSize: 512 },
      training: { batchSize, precision, augmentation: { flip: 0 } },
    });
  const random = randomStream(1, 'bench');
  const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));
  const labels = Int32Array.from({ length: batchSize }, () => random.integer(classes));
  const plan = planIn('float32');
  const network = buildNetwork(plan.model, size);
  const initial = initialParameters(network, 1);
  return {
    plan,
    images,
    labels,
    network,
    initial,
    /** The compiled steps in a precision. */
    machineIn: (precision: string) =>
      createRunMachine({
        plan: planIn(precision),
        arm: { name: 'bench', loss: { name: 'crossEntropy', labelSmoothing: 0 } },
        network,
        classes,
        backbone: initial,
        seed: 1,
        compiled: true,
      }),
  };
}
