import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { addToRows, rowsAt } from '../engine/kernels/tableEntries.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf } from '../engine/tensorflow.ts';
import { headParameter, type MetricLoss } from './classificationLoss.ts';
import { sameClass } from './pairs.ts';

type Plan = Extract<MetricLossPlan, { name: 'center' }>;

const centersName = 'head.center';

/**
 * ½ |x - c_y|² of embeddings that are not normalised (ECCV 2016, Wen et al., equation 2). State: the centres, starting
 * at 0, moved by c_j += α Σ_{y=j} (x - c_j) / (1 + n_j) (equation 4) after the loss of their step.
 */
export const center: MetricLoss<Plan> = {
  state: ({ classes, embeddingSize }) => [
    { name: centersName, shape: [classes, embeddingSize], initialValue: 0, rowsPerClass: 1 },
  ],
  compute({ plan, embeddings, labels, parameters, training }) {
    const centers = headParameter(parameters, centersName); // [classes, size]
    const own = rowsAt(centers, labels); // [batch, size]
    const loss = tf.mul(tf.sum(tf.square(tf.sub(embeddings, own)), 1), 0.5); // [batch]
    if (!training) return { loss };
    // [batch, size]
    const steps = tf.div(tf.sub(stopGradient(embeddings), own), tf.add(tf.sum(sameClass(labels), 1, true), 1));
    return { loss, updates: new Map([[centersName, addToRows(centers, labels, tf.mul(steps, plan.alpha))]]) };
  },
};
