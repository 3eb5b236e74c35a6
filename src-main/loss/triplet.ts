import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { MetricLoss } from './classificationLoss.ts';
import { anyOf, pairDistances, pairMasks, type PairMasks } from './pairs.ts';

type Plan = Extract<MetricLossPlan, { name: 'triplet' }>;

/** d(a, p) - d(a, n) of the mined triplets and 1 where a triplet counts; rows are anchors. */
interface Triplets {
  readonly gaps: Tensor; // [batch, ...]
  readonly counted: Tensor; // [batch, ...]
}

/** The entry of each row at an index. Where several are equal, only that one gets the gradient. */
const chosen = (distances: Tensor, index: Tensor): Tensor =>
  tf.sum(tf.mul(distances, tf.cast(tf.oneHot(index, distances.shape.at(-1) as number), 'float32')), -1);

// Further than any distance of unit vectors, plain or squared.
const far = 100;

/** The furthest positive and the nearest negative of each anchor (arXiv 1703.07737, equation 5). */
function batchHard(distances: Tensor, { positive, negative }: PairMasks): Triplets {
  const fixed = stopGradient(distances);
  const furthest = tf.argMax(tf.sub(fixed, tf.mul(tf.sub(1, positive), far)), 1); // [batch]
  const nearest = tf.argMin(tf.add(fixed, tf.mul(tf.sub(1, negative), far)), 1); // [batch]
  return {
    gaps: tf.sub(chosen(distances, furthest), chosen(distances, nearest)),
    counted: tf.mul(anyOf(positive), anyOf(negative)),
  };
}

/**
 * For each positive pair the nearest negative that is further away than the positive; where there is none, the furthest
 * negative (arXiv 1503.03832, equation 4).
 */
function semiHard(distances: Tensor, { positive, negative }: PairMasks): Triplets {
  const batch = distances.shape[0] as number;
  const fixed = stopGradient(distances);
  const toPositive = tf.reshape(fixed, [batch, batch, 1]);
  const toNegative = tf.reshape(fixed, [batch, 1, batch]);
  const negatives = tf.reshape(negative, [batch, 1, batch]);
  // [batch, positive, negative]
  const further = tf.mul(tf.cast(tf.greater(toNegative, toPositive), 'float32'), negatives);
  // One ranking for both cases: the nearest of the further negatives first, then the furthest of the others.
  const rank = tf.where(
    tf.greater(further, 0),
    tf.add(toNegative, tf.zerosLike(further)),
    tf.add(tf.sub(far, toNegative), tf.mul(tf.sub(1, negatives), far)),
  );
  const picked = tf.argMin(rank, 2); // [batch, positive]
  const mask = tf.cast(tf.oneHot(picked, batch), 'float32'); // [batch, positive, negative]
  const toPicked = tf.sum(tf.mul(tf.reshape(distances, [batch, 1, batch]), mask), 2); // [batch, positive]
  return { gaps: tf.sub(distances, toPicked), counted: tf.mul(positive, tf.reshape(anyOf(negative), [batch, 1])) };
}

/** Every triplet of the batch. Memory grows with the cube of the batch size. */
function everyTriplet(distances: Tensor, { positive, negative }: PairMasks): Triplets {
  const batch = distances.shape[0] as number;
  return {
    // [batch, positive, negative]
    gaps: tf.sub(tf.reshape(distances, [batch, batch, 1]), tf.reshape(distances, [batch, 1, batch])),
    counted: tf.mul(tf.reshape(positive, [batch, batch, 1]), tf.reshape(negative, [batch, 1, batch])),
  };
}

const miners = { batchHard, semiHard, all: everyTriplet } satisfies Record<
  Plan['mining'],
  (distances: Tensor, masks: PairMasks) => Triplets
>;

/**
 * max(0, d(a, p) - d(a, n) + m) of the mined triplets (arXiv 1503.03832, equation 2), averaged over all of them or over
 * those that are not 0.
 */
export const triplet: MetricLoss<Plan> = {
  compute({ plan, embeddings, labels }) {
    const distances = pairDistances(embeddings, plan.distance); // [batch, batch]
    const batch = distances.shape[0] as number;
    const { gaps, counted } = miners[plan.mining](distances, pairMasks(labels));
    const losses = tf.mul(tf.relu(tf.add(gaps, plan.margin)), counted);
    const averaged = plan.average === 'all' ? counted : tf.cast(tf.greater(stopGradient(losses), 0), 'float32');
    const ofAnchor = tf.sum(tf.reshape(losses, [batch, -1]), 1); // [batch]
    return { loss: tf.mul(ofAnchor, tf.div(batch, tf.maximum(tf.sum(averaged), 1))) };
  },
};
