import { entriesAt, replaceEntries } from '../engine/kernels/tableEntries.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';

const belowAll = -1e38; // less than any score; ArgMax does not see what is less than the least float

export interface LabelRanks {
  /** [images], whole numbers. */
  readonly ranks: Tensor;
  /** [images], whole numbers. */
  readonly predicted: Tensor;
}

/**
 * The rank, from 1, of each label int32 [images] among its class scores [images, classes], and the class with the
 * largest score. Classes that tie with the label, and every NaN, count as ranked above it, so a network that has
 * learned nothing gets no credit: where the label only ties, another class is the predicted one.
 */
export function labelRanks(scores: Tensor, labels: Tensor): LabelRanks {
  const [images, classes] = scores.shape as [number, number];
  const ofLabel = entriesAt(scores, labels); // [images, 1]
  const below = tf.sum(tf.cast(tf.less(scores, ofLabel), 'float32'), 1);
  const hasNoScore = tf.reshape(tf.cast(tf.isNaN(ofLabel), 'float32'), [images]);
  const ranks = tf.add(tf.sub(classes, below), tf.mul(hasNoScore, classes));

  const known = tf.where(tf.greater(scores, belowAll), scores, tf.fill([images, classes], belowAll));
  const others = replaceEntries(known, labels, tf.fill([images, 1], 2 * belowAll));
  const bestOther = tf.cast(tf.argMax(others, 1), 'float32');
  return { ranks, predicted: tf.where(tf.equal(ranks, 1), tf.cast(labels, 'float32'), bestOther) };
}
