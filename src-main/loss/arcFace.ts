import type { LossPlan } from '../../src-shared/losses.ts';
import { elementwise, sparseSoftmaxCrossEntropy } from '../engine/kernels.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { classCosines, classWeights, targetMask } from './cosine.ts';

type Plan = Extract<LossPlan, { name: 'arcFace' }>;

/** cos(θ + m) from cos θ; beyond θ = π - m: cos θ - m sin m. The derivative is in closed form, finite at both poles. */
export function addMargin(cosine: Tensor, margin: number): Tensor {
  const before = (x: Tensor) => tf.cast(tf.greater(x, Math.cos(Math.PI - margin)), 'bool');
  const sine = (x: Tensor) => tf.sqrt(tf.maximum(tf.sub(1, tf.square(x)), 1e-12));
  return elementwise(
    cosine,
    (x) => tf.where(before(x), tf.sub(tf.mul(x, Math.cos(margin)), tf.mul(sine(x), Math.sin(margin))), tf.sub(x, margin * Math.sin(margin))),
    (x) => tf.where(before(x), tf.add(Math.cos(margin), tf.mul(Math.sin(margin), tf.div(x, sine(x)))), tf.onesLike(x)),
  );
}

/**
 * Softmax cross-entropy of s cos θ_j with the target logit s cos(θ_y + m) (arXiv 1801.07698, equation 3); beyond
 * θ_y = π - m it goes on as s (cos θ_y - m sin m), so that it stays monotonic. Margin in radians.
 */
export const arcFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute({ plan: { marginRadians: margin, scale }, embeddings, labels, parameters }) {
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const mask = targetMask(labels, cosines.shape[1] as number);
    const target = tf.sum(tf.mul(cosines, mask), 1, true); // [batch, 1]
    const targetWithMargin = addMargin(target, margin);
    const logits = tf.mul(tf.add(cosines, tf.mul(mask, tf.sub(targetWithMargin, target))), scale);
    return { loss: sparseSoftmaxCrossEntropy(logits, labels), scores: cosines };
  },
};
