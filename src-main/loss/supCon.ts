import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { tf } from '../engine/tensorflow.ts';
import type { MetricLoss } from './classificationLoss.ts';
import { anyOf, maskedLogSumExp, meanOver, pairCosines, pairMasks } from './pairs.ts';

type Plan = Extract<MetricLossPlan, { name: 'supCon' }>;

/**
 * Minus the mean over an anchor's positives of ln(e^{s_p/T} / Σ_{a≠i} e^{s_a/T}) (arXiv 2004.11362, equation 2); mean
 * over anchors with a positive.
 */
export const supCon: MetricLoss<Plan> = {
  compute({ plan, embeddings, labels }) {
    const similarities = tf.div(pairCosines(embeddings), plan.temperature); // [batch, batch]
    const { positive, negative } = pairMasks(labels);
    const denominators = maskedLogSumExp(similarities, tf.add(positive, negative)); // [batch]
    // [batch]
    const toPositives = tf.div(tf.sum(tf.mul(similarities, positive), 1), tf.maximum(tf.sum(positive, 1), 1));
    return { loss: meanOver(tf.sub(denominators, toPositives), anyOf(positive)) };
  },
};
