import { augmentPictures, castFromUint8, projectiveTransform, type AugmentationDraws } from '../engine/kernels.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';

/**
 * Pictures [batch, size, size, 3] uint8 as network input (x / 255 - 0.5) / 0.5, augmented where draws are given;
 * `direct` asks for TensorFlow's own ops.
 */
export function networkInput(images: Tensor, draws: AugmentationDraws = {}, { direct = false } = {}): Tensor {
  const own = direct ? null : augmentPictures(images, draws);
  if (own) return own;
  const [batch, size] = images.shape as [number, number];
  let pixels = castFromUint8(images); // 0 to 255
  const { transforms, colourMatrix, colourOffset, erased } = draws;
  if (transforms) pixels = projectiveTransform(pixels, transforms);
  let normalised: Tensor; // -1 to 1
  if (colourMatrix && colourOffset) {
    // which speak of colours from 0 to 1; the change of range goes into them, so that no pass over the pictures is
    // spent on it
    const flat = tf.matMul(tf.reshape(pixels, [batch, size * size, 3]), tf.mul(colourMatrix, 2 / 255));
    normalised = tf.reshape(tf.clipByValue(tf.add(flat, tf.sub(tf.mul(colourOffset, 2), 1)), -1, 1), [
      batch,
      size,
      size,
      3,
    ]);
  } else normalised = tf.sub(tf.mul(pixels, 1 / 127.5), 1);
  if (!erased) return normalised;
  const positions = tf.range(0, size, 1, 'float32');
  const inside = (from: Tensor, to: Tensor) =>
    // [batch, size]
    tf.mul(tf.cast(tf.greaterEqual(positions, from), 'float32'), tf.cast(tf.less(positions, to), 'float32'));
  const [top, bottom, left, right] = tf.split(erased, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const rectangle = tf.mul(
    tf.reshape(inside(top, bottom), [batch, size, 1, 1]),
    tf.reshape(inside(left, right), [batch, 1, size, 1]),
  );
  return tf.mul(normalised, tf.sub(1, rectangle));
}
