import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { batchNormTraining } from '../../src-main/engine/kernels/batchNorm.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { forward } from '../../src-main/model/forward.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { parameterSpecs } from '../../src-main/model/network.ts';

const normal = (shape: readonly number[], seed: number, { mean = 0, deviation = 1 } = {}): Tensor => {
  const random = randomStream(seed, 'normalisedPointwise');
  return tf.tensor(
    Float32Array.from({ length: elementCount(shape) }, () => mean + deviation * random.normal()),
    [...shape],
  );
};
const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

interface Case {
  readonly images: readonly [number, number, number, number];
  readonly outputs: number;
  readonly rectifier: 'relu' | 'relu6' | 'prelu' | 'none';
}

/** Batch norm, rectifier and 1x1 convolution, with TensorFlow's ops where `direct`: the value, the running statistics
 * and the gradients by all operands. */
function compute({ images, outputs, rectifier }: Case, direct: boolean): Float32Array[] {
  const channels = images[3];
  const state = { mean: normal([channels], 6), variance: tf.abs(normal([channels], 7)) };
  const operands = [
    normal(images, 1, { mean: 0.5 }),
    normal([channels], 2, { mean: 3 }), // some values are above 6
    normal([channels], 3),
    normal([channels], 4),
    normal([1, 1, channels, outputs], 5),
  ];
  const statistics: Tensor[] = [];
  const step = (x: Tensor, scale: Tensor, offset: Tensor, slope: Tensor, pointwise: Tensor): Tensor => {
    const named = rectifier === 'none' ? undefined : rectifier;
    const value = batchNormTraining(
      x,
      { ...state, scale, offset },
      {
        epsilon: 1e-5,
        momentum: 0.1,
        rectifier: named === 'prelu' ? slope : named,
        pointwise,
        direct,
        onStatistics: (...each) => statistics.push(...each.map((tensor) => tf.keep(tensor))),
      },
    );
    return rectifier === 'prelu' ? value : tf.add(value, tf.mul(tf.sum(slope), 0)); // tf.grads wants each to be read
  };
  const [x, scale, offset, slope, filter] = operands as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const value = step(x, scale, offset, slope, filter);
  const gradients = tf.grads(step)(operands, normal(value.shape, 8));
  return [value, ...statistics.slice(0, 2), ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
}

// The projections of EfficientNet-Lite, mobilefacenet and resnet50; results that fill no register, one, and several
// panels; more rows than a slice, and fewer than a tile; each rectifier.
const cases: readonly Case[] = [
  { images: [3, 56, 56, 32], outputs: 16, rectifier: 'relu6' },
  { images: [2, 28, 28, 96], outputs: 24, rectifier: 'relu6' },
  { images: [5, 14, 14, 240], outputs: 40, rectifier: 'relu6' },
  { images: [3, 7, 7, 480], outputs: 112, rectifier: 'relu6' },
  { images: [2, 4, 4, 1152], outputs: 320, rectifier: 'relu6' },
  { images: [2, 28, 27, 128], outputs: 64, rectifier: 'prelu' },
  { images: [1, 7, 7, 512], outputs: 128, rectifier: 'prelu' },
  { images: [2, 14, 14, 64], outputs: 256, rectifier: 'relu' },
  { images: [4, 5, 3, 16], outputs: 1, rectifier: 'relu' },
  { images: [64, 40, 40, 16], outputs: 9, rectifier: 'none' },
];

for (const each of cases)
  test(
    `batch norm of [${each.images}] with ${each.rectifier}, convolved by 1x1 to ${each.outputs} channels, equals ` +
      `TensorFlow's ops to 1e-4: value, statistics and gradients, with the same bits twice`,
    () => {
      const own = compute(each, false);
      assert.deepEqual(compute(each, false), own);
      const direct = compute(each, true);
      assert.notDeepEqual(direct, own); // the same bits would mean that the addon has no such op
      direct.forEach((expected, index) => {
        const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
        assert.equal(own[index]?.length, expected.length);
        assert.ok(difference <= 1e-4 * length(expected), `result ${index}: ${difference / length(expected)}`);
      });
    },
  );

test('a network trains its 1x1 convolutions so in float32, and keeps nothing between the two', () => {
  for (const [backbone, least] of [
    ['efficientnet-lite0', 15],
    ['mobilefacenet', 15],
    ['resnet50', 16],
  ] as const) {
    const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 16 }), 32);
    const parameters = new Map(
      [...initialParameters(network, 1)].map(([name, values]) => {
        const { shape } = parameterSpecs(network).find((spec) => spec.name === name)!;
        return [name, tf.tensor(values, [...shape])] as const;
      }),
    );
    const input = normal([2, 32, 32, 3], 1);
    const rectified = new Set(
      network.nodes.filter(({ op }) => ['relu', 'relu6', 'prelu'].includes(op)).map(({ name }) => name),
    );
    const pointwise = network.nodes.filter(
      (node) => node.op === 'conv2d' && node.kernel === 1 && node.groups === 1 && rectified.has(node.inputs[0]!),
    );
    const readBetween = (joinsPointwise: boolean) => {
      const kept = forward(network, { parameters, input, training: true, joinsPointwise });
      return pointwise.filter(({ inputs }) => kept.has(inputs[0]!)).length;
    };
    assert.ok(readBetween(false) >= least, backbone);
    assert.equal(readBetween(false) - readBetween(true) >= least, true, backbone);
  }
});
