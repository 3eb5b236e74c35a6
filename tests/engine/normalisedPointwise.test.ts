import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEqualsTensorFlow, trainedNetwork, type NormalisedCase } from './normalisedStep.ts';

interface Case extends Pick<NormalisedCase, 'images' | 'rectifier'> {
  readonly outputs: number;
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
    () =>
      assertEqualsTensorFlow({
        ...each,
        filter: [1, 1, each.images[3], each.outputs],
        convolvedBy: (pointwise) => ({ pointwise }),
      }),
  );

test('a network trains its 1x1 convolutions so in float32, and keeps nothing between the two', () => {
  for (const [backbone, least] of [
    ['efficientnet-lite0', 15],
    ['mobilefacenet', 15],
    ['resnet50', 16],
  ] as const) {
    const { network, kept } = trainedNetwork(backbone);
    const rectified = new Set(
      network.nodes.filter(({ op }) => ['relu', 'relu6', 'prelu'].includes(op)).map(({ name }) => name),
    );
    const pointwise = network.nodes.filter(
      (node) => node.op === 'conv2d' && node.kernel === 1 && node.groups === 1 && rectified.has(node.inputs[0]!),
    );
    const readBetween = (joinsPointwise: boolean) => {
      const nodes = kept(joinsPointwise);
      return pointwise.filter(({ inputs }) => nodes.has(inputs[0]!)).length;
    };
    assert.ok(readBetween(false) >= least, backbone);
    assert.ok(readBetween(false) - readBetween(true) >= least, backbone);
  }
});
