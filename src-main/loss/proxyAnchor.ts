import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { tf } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { classCosines, classWeights, targetMask } from './cosine.ts';
import { anyOf, maskedLogSumExp } from './pairs.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'proxyAnchor' }>;

/**
 * Class weights as anchors: the mean over classes in the batch of ln(1 + Σ_{y=j} e^{-α (cos θ_j - δ)}) plus the mean over all
 * classes of ln(1 + Σ_{y≠j} e^{α (cos θ_j + δ)}) (arXiv 2003.13911, equation 4). One value for the whole batch.
 */
export const proxyAnchor: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters }) {
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const [batch, classes] = cosines.shape as [number, number];
    const own = tf.transpose(targetMask(labels, classes)); // [classes, batch]
    const toAnchors = tf.transpose(cosines); // [classes, batch]
    const pull = tf.softplus(maskedLogSumExp(tf.mul(tf.sub(toAnchors, plan.margin), -plan.alpha), own)); // [classes], 0 for classes that the batch lacks
    const push = tf.softplus(maskedLogSumExp(tf.mul(tf.add(toAnchors, plan.margin), plan.alpha), tf.sub(1, own))); // [classes]
    const loss = tf.add(tf.div(tf.sum(pull), tf.maximum(tf.sum(anyOf(own)), 1)), tf.mean(push));
    return { loss: tf.mul(tf.ones([batch]), loss), scores: cosines };
  },
};
