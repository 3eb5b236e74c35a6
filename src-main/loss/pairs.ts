import { elementwise } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { unitRows } from './cosine.ts';

/** Pairs of a batch as 1 and 0: of one class (without a sample and itself), and of two classes. */
export interface PairMasks {
  readonly positive: Tensor; // [batch, batch]
  readonly negative: Tensor; // [batch, batch]
}

/** 1 for the pairs of a batch that are of one class, a sample with itself included: [batch, batch]. */
export const sameClass = (labels: Tensor): Tensor =>
  tf.cast(tf.equal(tf.reshape(labels, [-1, 1]), tf.reshape(labels, [1, -1])), 'float32');

export function pairMasks(labels: Tensor): PairMasks {
  const same = sameClass(labels);
  return { positive: tf.sub(same, tf.eye(labels.shape[0] as number)), negative: tf.sub(1, same) };
}

/** Cosines of all pairs of embeddings [batch, size]. */
export function pairCosines(embeddings: Tensor): Tensor {
  const units = unitRows(embeddings);
  return tf.matMul(units, units, false, true); // [batch, batch]
}

// Below it, d² = 2 - 2 cos is rounding alone, and so would be the direction of its gradient.
const smallestSquare = 1e-6;

/**
 * Distances of all pairs of unit embeddings, plain or squared. The plain distance has no gradient where two embeddings
 * coincide.
 */
export function pairDistances(embeddings: Tensor, kind: 'euclidean' | 'squared'): Tensor {
  const squares = tf.relu(tf.sub(2, tf.mul(pairCosines(embeddings), 2))); // [batch, batch]
  if (kind === 'squared') return squares;
  return elementwise(squares, tf.sqrt, (x) =>
    tf.where(tf.greater(x, smallestSquare), tf.div(0.5, tf.sqrt(tf.maximum(x, smallestSquare))), tf.zerosLike(x)),
  );
}

/** ln Σ e^x over the last axis where the mask is 1. Very low where the mask has no 1. */
export function maskedLogSumExp(values: Tensor, mask: Tensor): Tensor {
  return tf.logSumExp(tf.where(tf.greater(mask, 0), values, tf.fill(values.shape, -1e9)), -1); // [rows]
}

/**
 * Values for each sample whose mean over the batch is the mean over samples with weight 1. All 0 where there are none.
 */
export function meanOver(losses: Tensor, counted: Tensor): Tensor {
  const share = tf.div(losses.shape[0] as number, tf.maximum(tf.sum(counted), 1));
  return tf.mul(tf.mul(losses, counted), share); // [batch]
}

/** 1 for the rows of a mask that contain a 1, else 0. */
export const anyOf = (mask: Tensor): Tensor => tf.minimum(tf.sum(mask, -1), 1);
