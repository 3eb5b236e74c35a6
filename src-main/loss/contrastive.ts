import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { MetricLoss } from './classificationLoss.ts';
import { pairDistances, pairMasks } from './pairs.ts';

type Plan = Extract<MetricLossPlan, { name: 'contrastive' }>;

/** Values [batch], one for each anchor, whose mean is the mean of the pair losses [batch, batch] that are not 0. */
function meanOfActive(losses: Tensor): Tensor {
  const active = tf.sum(tf.cast(tf.greater(stopGradient(losses), 0), 'float32'));
  return tf.mul(tf.sum(losses, 1), tf.div(losses.shape[0] as number, tf.maximum(active, 1)));
}

/**
 * max(0, d_p - m_p) of pairs of one class and max(0, m_n - d_n) of pairs of two, each averaged over what is not 0 (CVPR
 * 2006, Hadsell et al.; distances not squared).
 */
export const contrastive: MetricLoss<Plan> = {
  compute({ plan, embeddings, labels }) {
    const distances = pairDistances(embeddings, 'euclidean'); // [batch, batch]
    const { positive, negative } = pairMasks(labels);
    const pull = tf.mul(tf.relu(tf.sub(distances, plan.positiveMargin)), positive);
    const push = tf.mul(tf.relu(tf.sub(plan.negativeMargin, distances)), negative);
    return { loss: tf.add(meanOfActive(pull), meanOfActive(push)) };
  },
};
