// The bare step, timed: 112 x 112, 500 classes, SGD; trainStep.ts WHAT [BACKBONE] [BATCH] [STEPS] [PRECISION].
// `compiled` is ours; `stock` is the same in stock tfjs-node, op by op: tf.layers, momentum, weight decay, clipping, of
// pictures normalised beforehand.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';
import { tf } from '../../src-main/engine/tensorflow.ts';
import { writeLayersModel } from '../../src-main/model/layersModel.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { benchTraining, classes, size } from './benchTraining.ts';
import { imagesPerSecond } from './measured.ts';

const [, , what = 'compiled', backbone = 'resnet18', batch = '64', steps = '8', precision = 'float32'] = process.argv;
const batchSize = Number(batch);
const { plan, images, labels, network, initial, machineIn } = benchTraining({ backbone, batchSize });

async function stock(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-bench-'));
  await writeLayersModel(join(folder, 'model'), network, initial);
  const stockTf = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;
  const base = await stockTf.loadLayersModel(`file://${join(folder, 'model', 'model.json')}`);
  rmSync(folder, { recursive: true });
  // Stock tfjs cannot train a batch norm without scale, so its head has one with scale.
  const { dense, batchNormalization } = stockTf.layers;
  const head = [dense({ units: network.embeddingSize }), batchNormalization(), dense({ units: classes })].reduce(
    (input, layer) => layer.apply(input) as TensorFlow.SymbolicTensor,
    base.getLayer(network.pooled).output as TensorFlow.SymbolicTensor,
  );
  const model = stockTf.model({ inputs: base.inputs, outputs: head });
  const optimizer = stockTf.train.momentum(0.01, 0.9);
  const x = stockTf.sub(
    stockTf.div(stockTf.tensor4d(Float32Array.from(images), [batchSize, size, size, 3]), 127.5),
    1,
  ) as TensorFlow.Tensor4D;
  const y = stockTf.oneHot(stockTf.tensor1d(labels, 'int32'), classes);
  const { weightDecay } = plan.training.optimizer;
  const step = () =>
    stockTf.tidy(() => {
      const { value, grads } = stockTf.variableGrads(() =>
        stockTf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true }) as TensorFlow.Tensor).asScalar(),
      );
      const norm = stockTf.sqrt(
        stockTf.addN(Object.values(grads).map((gradient) => stockTf.sum(stockTf.square(gradient)))),
      );
      const factor = stockTf.minimum(stockTf.div(plan.training.gradientClip.norm, norm), 1);
      const variables = stockTf.engine().registeredVariables;
      optimizer.applyGradients(
        Object.fromEntries(
          Object.entries(grads).map(([name, gradient]) => [
            name,
            stockTf.add(stockTf.mul(gradient, factor), stockTf.mul(variables[name] as TensorFlow.Tensor, weightDecay)),
          ]),
        ),
      );
      value.dataSync();
    });
  return imagesPerSecond(batchSize, step, { warm: 1, timed: 3 });
}

function compiled(): { train: number; evaluate: number; startSeconds: number } {
  const machine = machineIn(precision);
  const startSeconds = performance.now() / 1000; // since the process began
  let step = 0;
  const timed = Number(steps);
  const train = imagesPerSecond(
    batchSize,
    () => machine.step('train', { images, labels, ...optimizerScalars(plan.training.optimizer, ++step, 0.01) }),
    { warm: Math.min(2, timed), timed },
  );
  return {
    train,
    evaluate: imagesPerSecond(batchSize, () => machine.step('infer', { images, labels }), {
      warm: 1,
      timed: Math.min(6, timed),
    }),
    startSeconds,
  };
}

const rates = what === 'stock' ? { train: await stock(), evaluate: null } : compiled();
console.log(
  JSON.stringify({
    ...rates,
    memoryGiB: process.resourceUsage().maxRSS / 2 ** 20,
    tensorflow: tf.version['tfjs-core'],
  }),
);
