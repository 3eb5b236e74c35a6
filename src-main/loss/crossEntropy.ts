import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from '../engine/kernels.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { headParameter, type ClassificationLoss } from './classificationLoss.ts';
import { classWeights, targetMask } from './cosine.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'crossEntropy' }>;

const logits = (embeddings: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor =>
  tf.add(tf.matMul(embeddings, headParameter(parameters, 'head.weight'), false, true), headParameter(parameters, 'head.bias')); // [batch, classes]

/** Softmax cross-entropy of W x + b, with the target spread over all classes by label smoothing (arXiv 1512.00567, section 7). */
export const crossEntropy: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize), { name: 'head.bias', shape: [classes], standardDeviation: 0 }],
  scores: ({ embeddings, parameters }) => logits(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters }) {
    const scores = logits(embeddings, parameters);
    if (plan.labelSmoothing === 0) return { loss: sparseSoftmaxCrossEntropy(scores, labels), scores };
    const classes = scores.shape[1] as number;
    const targets = tf.add(tf.mul(targetMask(labels, classes), 1 - plan.labelSmoothing), plan.labelSmoothing / classes);
    return { loss: softmaxCrossEntropy(scores, targets), scores };
  },
};
