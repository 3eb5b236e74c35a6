import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf } from '../engine/tensorflow.ts';
import type { MetricLoss } from './classificationLoss.ts';
import { anyOf, maskedLogSumExp, meanOver, pairCosines, pairMasks } from './pairs.ts';

type Plan = Extract<MetricLossPlan, { name: 'circle' }>;

/**
 * ln(1 + Σ_n e^{γ α_n (s_n - m)} Σ_p e^{-γ α_p (s_p - 1 + m)}) for each anchor, with α_p = max(0, 1 + m - s_p) and α_n
 * = max(0, s_n + m) without gradient (arXiv 2002.10857, equations 6 and 8). The mean is over anchors with a positive
 * and a negative.
 */
export const circle: MetricLoss<Plan> = {
  compute({ plan: { margin, gamma }, embeddings, labels }) {
    const cosines = pairCosines(embeddings); // [batch, batch]
    const fixed = stopGradient(cosines);
    const { positive, negative } = pairMasks(labels);
    const pull = tf.mul(tf.mul(tf.relu(tf.sub(1 + margin, fixed)), tf.sub(cosines, 1 - margin)), -gamma);
    const push = tf.mul(tf.mul(tf.relu(tf.add(fixed, margin)), tf.sub(cosines, margin)), gamma);
    const losses = tf.softplus(tf.add(maskedLogSumExp(pull, positive), maskedLogSumExp(push, negative))); // [batch]
    return { loss: meanOver(losses, tf.mul(anyOf(positive), anyOf(negative))) };
  },
};
