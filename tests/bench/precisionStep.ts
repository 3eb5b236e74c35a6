// Training steps in float32 and in bfloat16 in turns, in processor time, which other programs change little:
// precisionStep.ts BACKBONE BATCH STEPS, 112 x 112, 500 classes, SGD.
import { precisions } from '../../src-shared/trainingSchema.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { benchTraining } from './benchTraining.ts';
import { median } from './measured.ts';

const [, , backbone = 'resnet18', batch = '64', steps = '6'] = process.argv;
const batchSize = Number(batch);
const { plan, images, labels, machineIn } = benchTraining({ backbone, batchSize });

const contenders = precisions.map((precision) => {
  const machine = machineIn(precision);
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
