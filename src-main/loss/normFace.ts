import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { tf } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { classCosines, classWeights } from './cosine.ts';
import { smoothedCrossEntropy } from './smoothedCrossEntropy.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'normFace' }>;

/**
 * Softmax cross-entropy of s cos θ_j, embedding and class weights on the unit sphere (arXiv 1704.06369, equation 6).
 */
export const normFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters }) {
    const cosines = classCosines(embeddings, parameters);
    const loss = smoothedCrossEntropy(tf.mul(cosines, plan.scale), labels, plan.labelSmoothing);
    return { loss, scores: cosines, logits: cosines };
  },
};
