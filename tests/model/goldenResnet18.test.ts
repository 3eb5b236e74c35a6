import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { modelSchema } from '../../src-shared/experiment.ts';
import { forward } from '../../src-main/engine/forward.ts';
import { sparseSoftmaxCrossEntropy } from '../../src-main/engine/kernels.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { parameterSpecs } from '../../src-main/model/network.ts';
import { valueAndGradients } from '../../src-main/train/batchGradients.ts';

interface Golden {
  seed: number; stateDict: [string, number[]][]; evalPooledFeatures: number[][]; trainLabels: number[]; trainLoss: number; trainGradientNorms: Record<string, number>;
  runningMeanAfterStep: Record<string, number[]>; runningVarAfterStep: Record<string, number[]>;
}
const golden = JSON.parse(readFileSync(new URL('../../../shared/golden/resnet18.json', import.meta.url), 'utf8')) as Golden;
const size = 112;

/** Weights by the formula of the golden file, in our layout: OIHW becomes HWIO, [out, in] becomes [in, out]. */
function goldenTensors(): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  golden.stateDict.forEach(([name, shape], t) => {
    if (name.endsWith('num_batches_tracked')) return;
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: count }, (_, i) => {
      const f = Math.sin(0.7 * t + 0.37 * i + 0.011 * golden.seed);
      if (name.endsWith('running_var')) return 1 + 0.3 * f;
      if (shape.length === 1) return name.endsWith('weight') ? 1 + 0.2 * f : 0.1 * f;
      return Math.sqrt(2 / (count / (shape[0] as number))) * f;
    });
    const tensor = tf.tensor(values, shape);
    tensors.set(name, shape.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : shape.length === 2 ? tf.transpose(tensor) : tensor);
  });
  return tensors;
}

const image = () => tf.transpose(tf.tensor(Float32Array.from({ length: 4 * 3 * size * size }, (_, i) => Math.sin(0.05 * i + 0.3 * Math.sin(0.001 * i) + golden.seed)), [4, 3, size, size]), [0, 2, 3, 1]);
const network = buildNetwork(modelSchema.parse({ backbone: 'resnet18' }), size);
const pooledNetwork = { ...network, nodes: network.nodes.slice(0, network.nodes.findIndex((node) => node.name === network.pooled) + 1) };

test("resnet18's parameters are torchvision's, names and shapes", () => {
  const tensors = goldenTensors();
  const ours = parameterSpecs(pooledNetwork);
  assert.deepEqual(ours.map((spec) => spec.name).sort(), [...tensors.keys()].filter((name) => !name.startsWith('fc.')).sort());
  for (const { name, shape } of ours) assert.deepEqual(shape, (tensors.get(name) as Tensor).shape, name);
});

test("resnet18's pooled features equal torchvision's to 1e-4 relative", () => {
  const actual = (forward(pooledNetwork, { parameters: goldenTensors(), input: image(), training: false }).get(network.pooled) as Tensor).dataSync();
  const expected = golden.evalPooledFeatures.flat();
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, index) => assert.ok(Math.abs(value - (actual[index] as number)) <= 1e-4 * largest, `${index}: ${actual[index]} is not ${value}`));
});

test("resnet18's training loss, gradient norms and running statistics equal torchvision's", () => {
  const all = goldenTensors();
  const trainable = new Map([...all].filter(([name]) => !name.includes('running_')));
  const statistics = new Map<string, Tensor>();
  const { value, gradients } = valueAndGradients(trainable, (trained) => {
    const parameters = new Map([...all, ...trained]);
    const pooled = forward(pooledNetwork, { parameters, input: image(), training: true, onUpdate: (name, tensor) => statistics.set(name, tensor) }).get(network.pooled) as Tensor;
    const logits = tf.add(tf.matMul(pooled, parameters.get('fc.weight') as Tensor), parameters.get('fc.bias') as Tensor);
    return tf.mean(sparseSoftmaxCrossEntropy(logits, tf.tensor1d(golden.trainLabels, 'int32')));
  });
  assert.ok(Math.abs((value.dataSync()[0] as number) - golden.trainLoss) <= 1e-4 * golden.trainLoss);
  // The made-up weights give gradients of 1e8 in float32; the peer's own rounding reaches 1e-3 there.
  for (const [name, expected] of Object.entries(golden.trainGradientNorms)) {
    const norm = tf.norm(gradients.get(name) as Tensor).dataSync()[0] as number;
    assert.ok(Math.abs(norm - expected) <= 1e-3 * expected, `${name}: ${norm} is not ${expected}`);
  }
  for (const [name, expected] of Object.entries({ ...golden.runningMeanAfterStep, ...golden.runningVarAfterStep })) {
    const actual = (statistics.get(name) as Tensor).dataSync();
    expected.forEach((number, index) => assert.ok(Math.abs(number - (actual[index] as number)) <= 1e-4 * Math.max(1, Math.abs(number)), `${name}[${index}]`));
  }
});
