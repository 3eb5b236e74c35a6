import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { addMargin } from './arcFace.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { changeTarget, classCosines, classWeights } from './cosine.ts';
import { smoothedCrossEntropy } from './smoothedCrossEntropy.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'subCenterArcFace' }>;

/** cos θ_ij to the nearest of the K centres of each class; row class * K + centre of the weights. */
function nearestCosines(embeddings: Tensor, parameters: ReadonlyMap<string, Tensor>, subCenters: number): Tensor {
  const all = classCosines(embeddings, parameters); // [batch, classes * K]
  const [batch, rows] = all.shape as [number, number];
  return tf.max(tf.reshape(all, [batch, rows / subCenters, subCenters]), 2); // [batch, classes]
}

/**
 * ArcFace on the nearest of K centres of each class, so that noisy pictures can gather at a centre of their own (ECCV
 * 2020, Deng et al., equation 3).
 */
export const subCenterArcFace: ClassificationLoss<Plan> = {
  head: ({ plan, classes, embeddingSize }) => [classWeights(classes, embeddingSize, plan.subCenters)],
  scores: ({ plan, embeddings, parameters }) => nearestCosines(embeddings, parameters, plan.subCenters),
  compute(input) {
    const { plan, embeddings, labels, parameters } = input;
    const cosines = nearestCosines(embeddings, parameters, plan.subCenters);
    const logits = tf.mul(
      changeTarget(cosines, input, (target) => addMargin(target, plan.marginRadians)),
      plan.scale,
    );
    return { loss: smoothedCrossEntropy(logits, labels, plan.labelSmoothing), scores: cosines, logits };
  },
};
