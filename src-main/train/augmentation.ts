import {
  augmentPictures,
  castFromUint8,
  projectiveTransform,
  type AugmentationDraws,
} from '../engine/kernels/pictures.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';

/**
 * Pictures [batch, size, size, 3] uint8 as network input (x / 255 - 0.5) / 0.5, augmented where draws are given. Uses
 * the native op where the engine has it; `direct` asks for TensorFlow's own ops.
 */
export function networkInput(images: Tensor, draws: AugmentationDraws = {}, { direct = false } = {}): Tensor {
  const native = direct ? null : augmentPictures(images, draws);
  if (native) return native;
  const { transforms, colourMatrix, colourOffset, erased } = draws;
  let pixels = castFromUint8(images); // 0 to 255
  if (transforms) pixels = projectiveTransform(pixels, transforms);
  const normalised =
    colourMatrix && colourOffset
      ? mixColours(pixels, colourMatrix, colourOffset)
      : tf.sub(tf.mul(pixels, 1 / 127.5), 1); // -1 to 1
  return erased ? eraseRectangles(normalised, erased) : normalised;
}

/**
 * Mixes colours of pixels from 0 to 255 and returns them from -1 to 1. The draws are for colours from 0 to 1; they take
 * in the change of range, so that it costs no pass over the pictures.
 */
function mixColours(pixels: Tensor, colourMatrix: Tensor, colourOffset: Tensor): Tensor {
  const [batch, size] = pixels.shape as [number, number];
  const flat = tf.matMul(tf.reshape(pixels, [batch, size * size, 3]), tf.mul(colourMatrix, 2 / 255));
  const mixed = tf.clipByValue(tf.add(flat, tf.sub(tf.mul(colourOffset, 2), 1)), -1, 1);
  return tf.reshape(mixed, [batch, size, size, 3]);
}

/**
 * Sets the pixels of one rectangle in each picture to 0, mid grey. `erased`: [batch, 4] as top, bottom, left, right.
 */
function eraseRectangles(pictures: Tensor, erased: Tensor): Tensor {
  const [batch, size] = pictures.shape as [number, number];
  const positions = tf.range(0, size, 1, 'float32');
  // [batch, size], from the edges [batch, 1]
  const inside = (from: Tensor, to: Tensor) =>
    tf.mul(tf.cast(tf.greaterEqual(positions, from), 'float32'), tf.cast(tf.less(positions, to), 'float32'));
  const [top, bottom, left, right] = tf.split(erased, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const rectangle = tf.mul(
    tf.reshape(inside(top, bottom), [batch, size, 1, 1]),
    tf.reshape(inside(left, right), [batch, 1, size, 1]),
  );
  return tf.mul(pictures, tf.sub(1, rectangle));
}
