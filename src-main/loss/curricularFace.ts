import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { entriesAt, replaceEntries } from '../engine/kernels/tableEntries.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels/crossEntropy.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf } from '../engine/tensorflow.ts';
import { addMargin, safeSine } from './arcFace.ts';
import { headParameter, type ClassificationLoss } from './classificationLoss.ts';
import { classCosines, classWeights, marginChange } from './cosine.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'curricularFace' }>;

const averageName = 'head.targetCosine';

/**
 * ArcFace whose hard negatives, cos θ_j > cos(θ_y + m), become cos θ_j (t + cos θ_j) (arXiv 2004.00288, equations 5 to
 * 7). State: t, the moving average of cos θ_y. It moves before the logits of its step; no gradient flows through it.
 */
export const curricularFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  state: () => [{ name: averageName, shape: [1], initialValue: 0 }],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters, training, marginShare }) {
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const target = entriesAt(cosines, labels); // [batch, 1]
    const fixed = stopGradient(target);
    const kept = headParameter(parameters, averageName);
    // [1]
    const average = training ? tf.add(tf.mul(kept, plan.momentum), tf.mul(tf.mean(fixed), 1 - plan.momentum)) : kept;
    const withMargin = tf.sub(
      tf.mul(fixed, Math.cos(plan.marginRadians)),
      tf.mul(safeSine(fixed), Math.sin(plan.marginRadians)),
    );
    const hard = tf.cast(tf.greater(stopGradient(cosines), withMargin), 'float32'); // [batch, classes]
    // cos (t + cos) where hard
    const modulated = tf.add(cosines, tf.mul(hard, tf.mul(cosines, tf.sub(tf.add(average, cosines), 1))));
    // [batch, 1]
    const changed = tf.add(target, marginChange(target, addMargin(target, plan.marginRadians), marginShare));
    const logits = tf.mul(replaceEntries(modulated, labels, changed), plan.scale);
    return {
      loss: sparseSoftmaxCrossEntropy(logits, labels),
      scores: cosines,
      logits,
      updates: training ? new Map([[averageName, average]]) : new Map(),
    };
  },
};
