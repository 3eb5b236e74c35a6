import type { LossPlan } from '../../src-shared/losses.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { changeTarget, classCosines, classWeights } from './cosine.ts';
import { smoothedCrossEntropy } from './smoothedCrossEntropy.ts';

/** A margin loss: softmax cross-entropy of s cos θ_j with the target's cosine, [batch, 1], changed by `change`. */
export const marginSoftmax = <P extends LossPlan & { readonly scale: number; readonly labelSmoothing: number }>(
  change: (plan: P, target: Tensor) => Tensor,
): ClassificationLoss<P> => ({
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute(input) {
    const { plan, embeddings, labels, parameters } = input;
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const logits = tf.mul(
      changeTarget(cosines, input, (target) => change(plan, target)),
      plan.scale,
    );
    return { loss: smoothedCrossEntropy(logits, labels, plan.labelSmoothing), scores: cosines, logits };
  },
});
