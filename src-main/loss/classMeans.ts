import { tf, type Tensor } from '../engine/tensorflow.ts';
import { targetMask } from './cosine.ts';

/** Sum of the rows of each class and how many there are. */
export function sumsByClass(rows: Tensor, labels: Tensor, classes: number): { readonly sums: Tensor; readonly counts: Tensor } {
  const mask = targetMask(labels, classes); // [batch, classes]
  return {
    sums: tf.matMul(mask, rows, true, false), // [classes, size]
    counts: tf.reshape(tf.sum(mask, 0), [classes, 1]), // [classes, 1]
  };
}
