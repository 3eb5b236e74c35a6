// One head's bare step, timed: resnet18, 112 x 112, batch 64, SGD with momentum, so many classes and share of them
// drawn: `classStep.ts 10000 0.1 arcFace`.
import { experimentSchema } from '../../src-shared/experiment.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { drawClasses } from '../../src-main/train/classDraws.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { createRunMachine } from '../../src-main/train/createRunMachine.ts';
import { median } from './measured.ts';

const batchSize = 64;
const size = 112;
const warm = 2;
const timed = 5;
const classes = Number(process.argv[2]);
const loss = lossSchema.parse(process.argv[4]);
const plan = experimentSchema.parse({
  prepare: { inputSize: size },
  model: { backbone: 'resnet18', embeddingSize: 512 },
  training: { batchSize, classSampleRate: Number(process.argv[3]), augmentation: { flip: 0 } },
});
const random = randomStream(1, 'bench');
const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));
const network = buildNetwork(plan.model, size);
const began = performance.now();
const machine = createRunMachine({
  plan,
  arm: { name: 'bench', loss },
  network,
  classes,
  backbone: initialParameters(network, 1),
  seed: 1,
  compiled: true,
});
const startSeconds = (performance.now() - began) / 1000;
const seconds: number[] = [];
const processorSeconds: number[] = [];
const losses: number[] = [];
const labels = Int32Array.from({ length: batchSize }, () => random.integer(classes));
for (let batch = 0; batch < warm + timed; batch++) {
  const started = performance.now();
  const used = process.cpuUsage();
  const fed = drawClasses({ loss, classes, embeddingSize: network.embeddingSize, training: plan.training }, labels, {
    seed: 1,
    epoch: 0,
    batch,
  });
  const output = machine.step('train', {
    images,
    ...fed,
    ...optimizerScalars(plan.training.optimizer, batch + 1, 0.01),
  });
  losses.push(output['loss']?.[0] ?? Number.NaN);
  if (batch < warm) continue;
  seconds.push((performance.now() - started) / 1000);
  const { user, system } = process.cpuUsage(used);
  processorSeconds.push((user + system) / 1e6);
}
console.log(
  JSON.stringify({
    seconds: median(seconds),
    processorSeconds: median(processorSeconds),
    startSeconds,
    memoryGiB: process.resourceUsage().maxRSS / 2 ** 20,
    losses: [losses[0], losses.at(-1)],
  }),
);
