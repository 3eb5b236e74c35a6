import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binding } from '../../src-main/engine/tensorflow.ts';
import { assertEqualsTensorFlow, normalisedStep, trainedNetwork, type NormalisedCase } from './normalisedStep.ts';

interface Case extends Pick<NormalisedCase, 'images' | 'rectifier'> {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number | 'same';
}

const normalised = ({ images, rectifier, kernel, stride, padding }: Case): NormalisedCase => ({
  images,
  rectifier,
  filter: [kernel, kernel, images[3], 1],
  convolvedBy: (filter) => ({ depthwise: { filter, stride, padding } }),
});

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
    () => assertEqualsTensorFlow(normalised(each)),
  );
}

test('batch norm, rectifier and depthwise convolution are one op, and three where there is no kernel for them', () => {
  const namesOf = (change: Partial<Case>): string[] => {
    const { value } = normalisedStep(
      normalised({ images: [2, 8, 8, 32], kernel: 3, stride: 1, padding: 1, rectifier: 'relu6', ...change }),
    );
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
  const { network, kept } = trainedNetwork('mobilefacenet');
  const joined = kept();
  const depthwise = network.nodes.filter((node) => node.op === 'conv2d' && node.groups === 'depthwise');
  assert.ok(depthwise.length > 10);
  // all but the global one, whose filter is as large as the picture
  for (const { name, inputs } of depthwise.slice(0, -1)) {
    assert.ok(joined.has(name), name);
    assert.ok(!joined.has(inputs[0]!), `${inputs[0]} is kept`);
  }
});
