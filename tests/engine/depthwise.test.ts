import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { depthwiseConv2d } from '../../src-main/engine/kernels/depthwiseConvolution.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';

const normal = (shape: readonly number[], seed: number): Tensor => {
  const random = randomStream(seed, 'depthwise');
  return tf.tensor(
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
    [...shape],
  );
};
const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

// The kernels of mobilefacenet and EfficientNet-Lite; odd sides; a stride that leaves pixels out; a filter larger than
// the picture; one place for the whole picture; channels that fill four registers, some and one.
for (const { images, kernel, stride, padding } of [
  { images: [3, 14, 15, 64], kernel: 3, stride: 1, padding: 1 },
  { images: [2, 13, 16, 144], kernel: 3, stride: 2, padding: 1 },
  { images: [2, 13, 16, 48], kernel: 3, stride: 2, padding: 'same' },
  { images: [2, 12, 9, 32], kernel: 5, stride: 1, padding: 'same' },
  { images: [2, 12, 9, 240], kernel: 5, stride: 2, padding: 'same' },
  { images: [4, 7, 7, 512], kernel: 7, stride: 1, padding: 0 },
  { images: [2, 2, 3, 16], kernel: 5, stride: 1, padding: 2 },
  { images: [2, 11, 10, 80], kernel: 2, stride: 3, padding: 0 },
  { images: [70, 3, 3, 16], kernel: 3, stride: 2, padding: 'same' },
] as const) {
  test(
    `depthwise convolution of [${images}] by ${kernel} with stride ${stride} and padding ${padding} equals ` +
      "TensorFlow's to 1e-5, value and gradients, with the same bits twice",
    () => {
      const input = normal(images, 1);
      const filter = normal([kernel, kernel, images[3], 1], 2);
      const run = (direct: boolean) => {
        const convolve = (x: Tensor, w: Tensor) => depthwiseConv2d(x, w, { stride, padding, direct });
        const value = convolve(input, filter);
        return [value, ...tf.grads(convolve)([input, filter], normal(value.shape, 3))].map(
          (tensor) => tensor.dataSync() as Float32Array,
        );
      };
      const own = run(false);
      assert.deepEqual(run(false), own);
      run(true).forEach((expected, index) => {
        const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
        assert.equal(own[index]?.length, expected.length);
        assert.ok(
          difference < 1e-5 * length(expected),
          `${['value', 'input gradient', 'filter gradient'][index]}: ${difference / length(expected)}`,
        );
      });
    },
  );
}

test('the addon has depthwise kernels of its own', () => {
  const input = normal([16, 28, 28, 64], 1);
  const filter = normal([3, 3, 64, 1], 2);
  const gradient = (direct: boolean) =>
    tf
      .grad((w: Tensor) => depthwiseConv2d(input, w, { stride: 1, padding: 1, direct }))(filter)
      .dataSync();
  assert.notDeepEqual(gradient(false), gradient(true)); // long sums in another order have other bits
});
