import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { batchNormTraining } from '../../src-main/engine/kernels/batchNorm.ts';
import { binding, tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { forward } from '../../src-main/model/forward.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { parameterSpecs } from '../../src-main/model/network.ts';

const normal = (shape: readonly number[], seed: number, { mean = 0, deviation = 1 } = {}): Tensor => {
  const random = randomStream(seed, 'normalisedDepthwise');
  return tf.tensor(
    Float32Array.from({ length: elementCount(shape) }, () => mean + deviation * random.normal()),
    [...shape],
  );
};
const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

interface Case {
  readonly images: readonly [number, number, number, number];
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number | 'same';
  readonly rectifier: 'relu' | 'relu6' | 'prelu' | 'none';
}

/** Batch norm, rectifier and convolution, with TensorFlow's ops where `direct`; on what they depend. */
function stepOf({ images, kernel, stride, padding, rectifier }: Case) {
  const channels = images[3];
  const state = {
    mean: normal([channels], 6),
    variance: tf.abs(normal([channels], 7)),
  };
  const operands = [
    normal(images, 1, { mean: 0.5 }),
    normal([channels], 2, { mean: 3 }), // some values are above 6
    normal([channels], 3),
    normal([channels], 4),
    normal([kernel, kernel, channels, 1], 5),
  ] as const;
  const statistics: Tensor[] = [];
  const compute =
    (direct: boolean) =>
    (x: Tensor, scale: Tensor, offset: Tensor, slope: Tensor, filter: Tensor): Tensor => {
      const named = rectifier === 'none' ? undefined : rectifier;
      const value = batchNormTraining(
        x,
        { ...state, scale, offset },
        {
          epsilon: 1e-5,
          momentum: 0.1,
          rectifier: named === 'prelu' ? slope : named,
          depthwise: { filter, stride, padding },
          direct,
          onStatistics: (...each) => statistics.push(...each.map((tensor) => tf.keep(tensor))),
        },
      );
      return rectifier === 'prelu' ? value : tf.add(value, tf.mul(tf.sum(slope), 0)); // tf.grads wants each to be read
    };
  /** The value, the running statistics and the gradients by all operands. */
  const run = (direct: boolean): Float32Array[] => {
    statistics.length = 0;
    const value = compute(direct)(...operands);
    const seen = statistics.slice(0, 2);
    const gradients = tf.grads(compute(direct))([...operands], normal(value.shape, 8));
    return [value, ...seen, ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
  };
  return { run, value: () => compute(false)(...operands) };
}

// The blocks of mobilefacenet and EfficientNet-Lite; several slices of rows for one image; odd sides; TensorFlow's SAME
// that puts the odd zero behind; a stride that leaves pixels out; a filter larger than the images; each rectifier.
const cases: readonly Case[] = [
  { images: [2, 56, 56, 128], kernel: 3, stride: 1, padding: 1, rectifier: 'prelu' },
  { images: [2, 55, 57, 128], kernel: 3, stride: 2, padding: 1, rectifier: 'prelu' },
  { images: [2, 28, 28, 96], kernel: 3, stride: 2, padding: 'same', rectifier: 'relu6' },
  { images: [3, 13, 12, 48], kernel: 5, stride: 1, padding: 'same', rectifier: 'relu6' },
  { images: [2, 14, 15, 240], kernel: 5, stride: 2, padding: 'same', rectifier: 'relu6' },
  { images: [2, 9, 8, 64], kernel: 3, stride: 1, padding: 0, rectifier: 'relu' },
  { images: [2, 11, 10, 32], kernel: 3, stride: 4, padding: 1, rectifier: 'none' },
  { images: [2, 2, 3, 16], kernel: 5, stride: 1, padding: 2, rectifier: 'relu' },
  { images: [5, 7, 7, 16], kernel: 5, stride: 3, padding: 2, rectifier: 'prelu' },
  { images: [8, 2, 2, 32], kernel: 3, stride: 2, padding: 'same', rectifier: 'relu6' },
];

for (const each of cases) {
  const { images, kernel, stride, padding, rectifier } = each;
  test(
    `batch norm of [${images}] with ${rectifier}, convolved by ${kernel} with stride ${stride} and padding ` +
      `${padding}, equals TensorFlow's ops to 1e-4: value, statistics and gradients, with the same bits twice`,
    () => {
      const { run } = stepOf(each);
      const own = run(false);
      assert.deepEqual(run(false), own);
      const direct = run(true);
      assert.notDeepEqual(direct, own); // the same bits would mean that the addon has no such op
      direct.forEach((expected, index) => {
        const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
        assert.equal(own[index]?.length, expected.length);
        assert.ok(difference <= 1e-4 * length(expected), `result ${index}: ${difference / length(expected)}`);
      });
    },
  );
}

test('batch norm, rectifier and depthwise convolution are one op, and three where there is no kernel for them', () => {
  const namesOf = (change: Partial<Case>): string[] => {
    const { value } = stepOf({
      images: [2, 8, 8, 32],
      kernel: 3,
      stride: 1,
      padding: 1,
      rectifier: 'relu6',
      ...change,
    });
    const { executeOp } = binding;
    const names: string[] = [];
    binding.executeOp = (name, ...rest) => {
      names.push(name);
      return executeOp(name, ...rest);
    };
    try {
      value();
    } finally {
      binding.executeOp = executeOp;
    }
    return names.filter((name) => /BatchNorm|Depthwise/.test(name));
  };
  assert.deepEqual(namesOf({}), ['NormalisedDepthwise']);
  assert.deepEqual(namesOf({ kernel: 7, padding: 3 }), ['ResidualBatchNorm', 'DepthwiseConv']);
  assert.deepEqual(namesOf({ images: [2, 8, 8, 24] }), ['ResidualBatchNorm', 'DepthwiseConv2dNative']);
});

test('a network trains its depthwise blocks so, and keeps nothing between them', () => {
  const network = buildNetwork(modelSchema.parse({ backbone: 'mobilefacenet', embeddingSize: 16 }), 32);
  const parameters = new Map(
    [...initialParameters(network, 1)].map(([name, values]) => {
      const { shape } = parameterSpecs(network).find((spec) => spec.name === name)!;
      return [name, tf.tensor(values, [...shape])] as const;
    }),
  );
  const input = normal([2, 32, 32, 3], 1);
  const joined = forward(network, { parameters, input, training: true });
  const depthwise = network.nodes.filter((node) => node.op === 'conv2d' && node.groups === 'depthwise');
  assert.ok(depthwise.length > 10);
  // all but the global one, whose filter is as large as the picture
  for (const { name, inputs } of depthwise.slice(0, -1)) {
    assert.ok(joined.has(name), name);
    assert.ok(!joined.has(inputs[0]!), `${inputs[0]} is kept`);
  }
});
