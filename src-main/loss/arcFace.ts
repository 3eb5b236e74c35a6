import type { LossPlan } from '../../src-shared/losses.ts';
import { relu, sparseSoftmaxCrossEntropy } from '../engine/kernels.ts';
import { tf } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { classCosines, classWeights, targetMask } from './cosine.ts';

type Plan = Extract<LossPlan, { name: 'arcFace' }>;

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
    // The floor keeps the root's gradient finite where the embedding lies on its centre or opposite.
    const sine = tf.sqrt(tf.add(relu(tf.sub(1, tf.square(target))), 1e-12));
    const withMargin = tf.sub(tf.mul(target, Math.cos(margin)), tf.mul(sine, Math.sin(margin)));
    const beyond = tf.sub(target, margin * Math.sin(margin));
    const targetWithMargin = tf.where(tf.greater(target, Math.cos(Math.PI - margin)), withMargin, beyond);
    const logits = tf.mul(tf.add(cosines, tf.mul(mask, tf.sub(targetWithMargin, target))), scale);
    return { loss: sparseSoftmaxCrossEntropy(logits, labels), scores: cosines };
  },
};
