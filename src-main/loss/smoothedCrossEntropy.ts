import { entriesAt } from '../engine/kernels/tableEntries.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels/crossEntropy.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';

/**
 * Softmax cross-entropy [batch] of logits [batch, classes] and int32 labels [batch], with a share of the target spread
 * evenly over all classes (label smoothing, arXiv 1512.00567, section 7).
 */
export function smoothedCrossEntropy(logits: Tensor, labels: Tensor, labelSmoothing: number): Tensor {
  const loss = sparseSoftmaxCrossEntropy(logits, labels);
  if (labelSmoothing === 0) return loss;
  const targetAboveMean = tf.sub(tf.reshape(entriesAt(logits, labels), [-1]), tf.mean(logits, 1));
  return tf.add(loss, tf.mul(targetAboveMean, labelSmoothing));
}
