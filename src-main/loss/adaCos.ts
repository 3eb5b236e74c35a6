import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { entriesAt, replaceEntries } from '../engine/kernels/tableEntries.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels/crossEntropy.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { headParameter, type ClassificationLoss } from './classificationLoss.ts';
import { classCosines, classWeights } from './cosine.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'adaCos' }>;

const scaleName = 'head.scale';

/** The median of [batch, 1], the lower of the two middle values of an even batch; [1]. */
function lowerMedian(values: Tensor): Tensor {
  const count = values.shape[0] as number;
  const rank = Math.floor((count - 1) / 2);
  return tf.neg(tf.slice(tf.topk(tf.neg(tf.reshape(values, [count])), rank + 1).values, [rank], [1]));
}

/**
 * s from cosines [batch, classes] by equation 15: ln B / cos(min(π/4, median θ_y)), B the mean of Σ_{j≠y} e^{s cos
 * θ_j}; [1].
 */
function nextScale(cosines: Tensor, labels: Tensor, scale: Tensor): Tensor {
  // e to the power of the target's is 0
  const others = replaceEntries(tf.mul(cosines, scale), labels, tf.fill([cosines.shape[0] as number, 1], -1e9));
  const logMeanSum = tf.sub(tf.logSumExp(others), Math.log(cosines.shape[0] as number));
  const median = lowerMedian(tf.acos(tf.clipByValue(entriesAt(cosines, labels), -1, 1)));
  return tf.reshape(tf.div(logMeanSum, tf.cos(tf.minimum(median, Math.PI / 4))), [1]);
}

/**
 * Softmax cross-entropy of s cos θ_j without a margin; s follows the batch (arXiv 1905.00292, equations 12 to 15),
 * starting at √2 ln(n - 1). State: s, computed before the logits of its step; no gradient flows through it. With two
 * classes s would stay 0, so n counts as at least 3.
 */
export const adaCos: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  state: ({ classes }) => [
    { name: scaleName, shape: [1], initialValue: Math.SQRT2 * Math.log(Math.max(classes, 3) - 1) },
  ],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute({ embeddings, labels, parameters, training }) {
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const kept = headParameter(parameters, scaleName);
    const scale = training && (cosines.shape[1] as number) > 2 ? nextScale(stopGradient(cosines), labels, kept) : kept;
    return {
      loss: sparseSoftmaxCrossEntropy(tf.mul(cosines, scale), labels),
      scores: cosines,
      logits: cosines,
      updates: training ? new Map([[scaleName, scale]]) : new Map(),
    };
  },
};
