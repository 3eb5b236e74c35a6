import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomStream } from '../../src-shared/maths/random.ts';
import { tf } from '../../src-main/engine/tensorflow.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { networkInput } from '../../src-main/train/augmentation.ts';
import { augmentationInputs, drawAugmentation } from '../../src-main/train/augmentationDraws.ts';

const batch = 3;
const size = 5;
const random = randomStream(1, 'augmentation');
const images = Uint8Array.from({ length: batch * size * size * 3 }, () => random.integer(256));
const draw = (length: number, from: number, to: number) =>
  Float32Array.from({ length }, () => from + (to - from) * random.next());
const assertClose = (actual: ArrayLike<number>, expected: (index: number) => number) => {
  for (let index = 0; index < images.length; index++)
    assert.ok(
      Math.abs((actual[index] as number) - expected(index)) <= 1e-5,
      `${index}: ${actual[index]} is not ${expected(index)}`,
    );
};

test('pictures become numbers from -1 to 1', () => {
  assertClose(
    tf.tidy(() => networkInput(tf.tensor4d(images, [batch, size, size, 3], 'int32')).dataSync()),
    (index) => ((images[index] as number) / 255 - 0.5) / 0.5,
  );
});

test('colours are mixed and moved, cut off at 0 and 1, and a rectangle is erased, to 1e-5', () => {
  const matrix = draw(batch * 9, -0.4, 1.2);
  const offset = draw(batch * 3, -0.5, 0.5);
  const erased = Float32Array.from([0, 0, 0, 0, 1, 3, 2, 5, 0, 5, 0, 5]); // top, bottom, left, right
  const actual = tf.tidy(() =>
    networkInput(tf.tensor4d(images, [batch, size, size, 3], 'int32'), {
      colourMatrix: tf.tensor3d(matrix, [batch, 3, 3]),
      colourOffset: tf.tensor3d(offset, [batch, 1, 3]),
      erased: tf.tensor2d(erased, [batch, 4]),
    }).dataSync(),
  );
  let cut = 0;
  assertClose(actual, (index) => {
    const image = Math.floor(index / (size * size * 3));
    const pixel = Math.floor(index / 3) % (size * size);
    const channel = index % 3;
    const [top, bottom, left, right] = erased.subarray(image * 4, image * 4 + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const row = Math.floor(pixel / size);
    const column = pixel % size;
    if (row >= top && row < bottom && column >= left && column < right) return 0;
    const mixed = [0, 1, 2].reduce(
      (sum, from) =>
        sum + ((images[index - channel + from] as number) / 255) * (matrix[image * 9 + from * 3 + channel] as number),
      offset[image * 3 + channel] as number,
    );
    if (mixed < 0 || mixed > 1) cut++;
    return 2 * Math.min(1, Math.max(0, mixed)) - 1;
  });
  assert.ok(cut > 10);
});

for (const knobs of [
  { flip: 0.5, shift: 0.4, zoom: 0.5 },
  { flip: 1, erase: 1 },
  { brightness: 0.5, contrast: 0.5, saturation: 0.5, grey: 0.3 },
  { flip: 0.5, shift: 0.1, zoom: 0.1, brightness: 0.2, contrast: 0.2, saturation: 0.2, grey: 0.2, erase: 0.5 },
]) {
  test(
    `one pass over the pictures equals TensorFlow's ops to 1e-5, with the same bits twice: ` +
      `${Object.keys(knobs).join(', ')}`,
    () => {
      const count = 16;
      const edge = 37;
      const plan = experimentSchema.parse({ training: { augmentation: { flip: 0, ...knobs } } }).training.augmentation;
      const pixels = Uint8Array.from({ length: count * edge * edge * 3 }, () => random.integer(256));
      const drawn = drawAugmentation(plan, edge, { seed: 3, epoch: 0, batch: 0, batchSize: count });
      const input = (options: { direct: boolean }) =>
        tf.tidy(() => {
          const draws = Object.fromEntries(
            Object.entries(augmentationInputs(plan, count)).map(([name, { shape }]) => [
              name,
              tf.tensor(drawn[name] as Float32Array, [...shape]),
            ]),
          );
          return networkInput(
            tf.tensor4d(pixels, [count, edge, edge, 3], 'int32'),
            draws,
            options,
          ).dataSync() as Float32Array;
        });
      const own = input({ direct: false });
      const again = input({ direct: false });
      const direct = input({ direct: true });
      assert.deepEqual(again, own);
      const largest = own.reduce((most, value, at) => Math.max(most, Math.abs(value - (direct[at] as number))), 0);
      assert.ok(largest <= 1e-5, `${largest}`);
    },
  );
}
