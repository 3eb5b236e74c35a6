import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { tf } from '../engine/tensorflow.ts';
import type { MetricLoss } from './classificationLoss.ts';
import { maskedLogSumExp, pairCosines, pairMasks } from './pairs.ts';

type Plan = Extract<MetricLossPlan, { name: 'multiSimilarity' }>;

/**
 * ln(1 + Σ_p e^{-α (s_p - λ)}) / α + ln(1 + Σ_n e^{β (s_n - λ)}) / β for each anchor, over all pairs (arXiv 1904.06627,
 * equation 15).
 */
export const multiSimilarity: MetricLoss<Plan> = {
  compute({ plan, embeddings, labels }) {
    const apart = tf.sub(pairCosines(embeddings), plan.base); // [batch, batch]
    const { positive, negative } = pairMasks(labels);
    const pull = tf.div(tf.softplus(maskedLogSumExp(tf.mul(apart, -plan.alpha), positive)), plan.alpha);
    const push = tf.div(tf.softplus(maskedLogSumExp(tf.mul(apart, plan.beta), negative)), plan.beta);
    return { loss: tf.add(pull, push) };
  },
};
