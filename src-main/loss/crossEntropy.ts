import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { entriesAt, rowsAt, sparseSoftmaxCrossEntropy } from '../engine/kernels.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { headParameter, type ClassificationLoss } from './classificationLoss.ts';
import { classWeights, unitRows } from './cosine.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'crossEntropy' }>;

const logits = (embeddings: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor =>
  tf.add(
    tf.matMul(embeddings, headParameter(parameters, 'head.weight'), false, true),
    headParameter(parameters, 'head.bias'),
  ); // [batch, classes]

/** cos θ_y of each sample, [batch, 1]. The scores of this loss are not cosines. */
const targetCosines = (embeddings: Tensor, labels: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor =>
  // [batch, 1]
  tf.sum(tf.mul(unitRows(embeddings), unitRows(rowsAt(headParameter(parameters, 'head.weight'), labels))), 1, true);

/**
 * Softmax cross-entropy of W x + b. Label smoothing spreads the target over all classes (arXiv 1512.00567, section 7).
 */
export const crossEntropy: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [
    classWeights(classes, embeddingSize),
    { name: 'head.bias', shape: [classes], standardDeviation: 0, rowsPerClass: 1 },
  ],
  scores: ({ embeddings, parameters }) => logits(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters }) {
    const scores = logits(embeddings, parameters);
    const told = { scores, logits: scores, targetCosines: targetCosines(embeddings, labels, parameters) };
    const loss = sparseSoftmaxCrossEntropy(scores, labels); // [batch]
    if (plan.labelSmoothing === 0) return { loss, ...told };
    // the target's logit before the mean of all
    const ahead = tf.sub(tf.reshape(entriesAt(scores, labels), [-1]), tf.mean(scores, 1));
    return { loss: tf.add(loss, tf.mul(ahead, plan.labelSmoothing)), ...told };
  },
};
