import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { conv2d } from '../../src-main/engine/kernels/convolution.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';

const normal = (shape: readonly number[], seed: number): Tensor => {
  const random = randomStream(seed, 'winograd');
  return tf.tensor(
    Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
    [...shape],
  );
};

/** Value and both gradients of a convolution, for one upstream gradient. */
function convolution(
  input: Tensor,
  filter: Tensor,
  { upstream, direct }: { upstream: Tensor; direct: boolean },
): Float32Array[] {
  const run = (x: Tensor, w: Tensor) => conv2d(x, w, { stride: 1, padding: 1, direct });
  return [run(input, filter), ...tf.grads((x: Tensor, w: Tensor) => run(x, w))([input, filter], upstream)].map(
    (tensor) => tensor.dataSync() as Float32Array,
  );
}

const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

// One tile, tiles of three rows or columns, some of which stick out; then the schedules for many tiles, for few, and
// for the filter's gradient by parts and by groups.
for (const { images, filters } of [
  { images: [2, 4, 4, 64], filters: 128 },
  { images: [3, 7, 7, 128], filters: 64 },
  { images: [1, 1, 9, 64], filters: 64 },
  { images: [32, 28, 28, 64], filters: 64 },
  { images: [6, 14, 14, 128], filters: 128 },
  { images: [3, 4, 4, 512], filters: 512 },
]) {
  test(
    `Winograd convolution of [${images}] to ${filters} channels equals the direct one to 1e-5, value and ` +
      'gradients, with the same bits twice',
    () => {
      const input = normal(images, 1);
      const filter = normal([3, 3, images[3] as number, filters], 2);
      const upstream = normal([...images.slice(0, 3), filters], 3);
      const winograd = convolution(input, filter, { upstream, direct: false });
      const again = convolution(input, filter, { upstream, direct: false });
      const direct = convolution(input, filter, { upstream, direct: true });
      assert.deepEqual(again, winograd);
      assert.notDeepEqual(direct, winograd); // the same bits would mean that the addon has no Winograd convolution
      direct.forEach((expected, index) => {
        const difference = length(expected.map((value, position) => value - (winograd[index]?.[position] as number)));
        assert.ok(
          difference < 1e-5 * length(expected),
          `${['value', 'input gradient', 'filter gradient'][index]}: ${difference / length(expected)}`,
        );
      });
    },
  );
}
