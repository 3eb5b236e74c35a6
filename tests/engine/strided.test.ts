import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { conv2d } from '../../src-main/engine/kernels/convolution.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';

const normal = (shape: readonly number[], seed: number): Tensor => {
  const random = randomStream(seed, 'strided');
  return tf.tensor(
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
    [...shape],
  );
};
const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

// Channels of a picture; odd sides; pixels that no tap sees; a stride beyond the filter; more patches than one task
// takes; tiles of four rows and three, of four columns and three; few tiles of many channels.
for (const { images, kernel, filters, stride, padding } of [
  { images: [2, 17, 14, 3], kernel: 7, filters: 64, stride: 2, padding: 3 },
  { images: [3, 112, 110, 3], kernel: 7, filters: 64, stride: 2, padding: 3 },
  { images: [2, 30, 41, 3], kernel: 7, filters: 128, stride: 2, padding: 2 },
  { images: [2, 12, 12, 3], kernel: 7, filters: 64, stride: 3, padding: 3 },
  { images: [3, 9, 8, 64], kernel: 3, filters: 128, stride: 2, padding: 1 },
  { images: [2, 7, 10, 128], kernel: 1, filters: 64, stride: 2, padding: 0 },
  { images: [1, 10, 11, 64], kernel: 2, filters: 64, stride: 3, padding: 1 },
  { images: [16, 28, 28, 64], kernel: 3, filters: 64, stride: 2, padding: 1 },
  { images: [3, 27, 13, 128], kernel: 3, filters: 64, stride: 2, padding: 1 },
  { images: [12, 7, 7, 256], kernel: 3, filters: 512, stride: 2, padding: 1 },
  { images: [4, 33, 33, 3], kernel: 3, filters: 64, stride: 1, padding: 1 },
]) {
  test(
    `convolution of [${images}] by ${filters} filters of ${kernel} with stride ${stride} equals TensorFlow's ` +
      'to 1e-5, value and gradients, with the same bits twice',
    () => {
      const input = normal(images, 1);
      const filter = normal([kernel, kernel, images[3] as number, filters], 2);
      const run = (direct: boolean) => {
        const convolve = (x: Tensor, w: Tensor) => conv2d(x, w, { stride, padding, direct });
        const value = convolve(input, filter);
        return [value, ...tf.grads(convolve)([input, filter], normal(value.shape, 3))].map(
          (tensor) => tensor.dataSync() as Float32Array,
        );
      };
      const own = run(false);
      const again = run(false);
      const direct = run(true);
      assert.deepEqual(again, own);
      // long sums of the same bits would mean that the addon has no convolution of its own
      if (images[0] === 16) assert.notDeepEqual(direct, own);
      direct.forEach((expected, index) => {
        const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
        assert.ok(
          difference < 1e-5 * length(expected),
          `${['value', 'input gradient', 'filter gradient'][index]}: ${difference / length(expected)}`,
        );
      });
    },
  );
}
