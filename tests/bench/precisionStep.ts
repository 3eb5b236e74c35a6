// Training steps in float32 and in bfloat16 in turns, in processor time, which other programs change little:
// precisionStep.ts BACKBONE BATCH STEPS, 112 x 112, 500 classes, SGD.
import { experimentSchema } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { precisions, type Precision } from '../../src-shared/trainingSchema.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { createRunMachine } from '../../src-main/train/createRunMachine.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { median } from './measured.ts';

const [, , backboneName = 'resnet18', batch = '64', steps = '6'] = process.argv;
const batchSize = Number(batch);
const size = 112;
const classes = 500;
const planOf = (precision: Precision) =>
  experimentSchema.parse({
    prepare: { inputSize: size },
    model: { backbone: backboneName, embeddingSize: 512 },
    training: { batchSize, precision, augmentation: { flip: 0 } },
  });
const random = randomStream(1, 'bench');
const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));
const labels = Int32Array.from({ length: batchSize }, () => random.integer(classes));
const network = buildNetwork(planOf('float32').model, size);
const backbone = initialParameters(network, 1);

const contenders = precisions.map((precision) => {
  const arm = { name: 'bench', loss: { name: 'crossEntropy', labelSmoothing: 0 } } as const;
  const plan = planOf(precision);
  const machine = createRunMachine({ plan, arm, network, classes, backbone, seed: 1, compiled: true });
  const step = (index: number): number => {
    const before = process.cpuUsage();
    machine.step('train', { images, labels, ...optimizerScalars(plan.training.optimizer, index + 1, 0.01) });
    const { user, system } = process.cpuUsage(before);
    return batchSize / ((user + system) / 1e6);
  };
  return { precision, step, rates: [] as number[] };
});
for (const { step } of contenders) step(0); // for warmth
for (let index = 1; index <= Number(steps); index++) for (const { step, rates } of contenders) rates.push(step(index));
console.log(JSON.stringify(Object.fromEntries(contenders.map(({ precision, rates }) => [precision, median(rates)]))));
