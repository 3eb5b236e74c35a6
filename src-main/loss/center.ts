import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { tf } from '../engine/tensorflow.ts';
import { headParameter, type MetricLoss } from './classificationLoss.ts';
import { sumsByClass } from './classMeans.ts';
import { targetMask } from './cosine.ts';
import { stopGradient } from './stopGradient.ts';

type Plan = Extract<MetricLossPlan, { name: 'center' }>;

const centersName = 'head.center';

/**
 * ½ |x - c_y|² of embeddings that are not normalised (ECCV 2016, Wen et al., equation 2). State: the centres, from 0, moved
 * by c_j += α Σ_{y=j} (x - c_j) / (1 + n_j) (equation 4) after the loss of their step.
 */
export const center: MetricLoss<Plan> = {
  state: ({ classes, embeddingSize }) => [{ name: centersName, shape: [classes, embeddingSize], initialValue: 0 }],
  compute({ plan, embeddings, labels, parameters, training }) {
    const centers = headParameter(parameters, centersName); // [classes, size]
    const classes = centers.shape[0] as number;
    const own = tf.matMul(targetMask(labels, classes), centers); // [batch, size]
    const loss = tf.mul(tf.sum(tf.square(tf.sub(embeddings, own)), 1), 0.5); // [batch]
    if (!training) return { loss };
    const { sums, counts } = sumsByClass(stopGradient(embeddings), labels, classes);
    const step = tf.div(tf.sub(sums, tf.mul(centers, counts)), tf.add(counts, 1)); // [classes, size]
    return { loss, updates: new Map([[centersName, tf.add(centers, tf.mul(step, plan.alpha))]]) };
  },
};
