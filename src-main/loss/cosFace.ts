import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels.ts';
import { tf } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { changeTarget, classCosines, classWeights } from './cosine.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'cosFace' }>;

/** Softmax cross-entropy of s cos θ_j with the target logit s (cos θ_y - m) (arXiv 1801.09414, equation 4). */
export const cosFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters }) {
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const logits = tf.mul(changeTarget(cosines, labels, (target) => tf.sub(target, plan.margin)), plan.scale);
    return { loss: sparseSoftmaxCrossEntropy(logits, labels), scores: cosines };
  },
};
