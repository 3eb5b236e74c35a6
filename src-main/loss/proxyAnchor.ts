import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { entriesAt, replaceEntries } from '../engine/kernels/tableEntries.ts';
import { tf } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { classCosines, classWeights } from './cosine.ts';
import { maskedLogSumExp, sameClass } from './pairs.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'proxyAnchor' }>;

/**
 * Class weights as anchors: the mean over classes in the batch of ln(1 + Σ_{y=j} e^{-α (cos θ_j - δ)}) plus the mean
 * over all classes of ln(1 + Σ_{y≠j} e^{α (cos θ_j + δ)}) (arXiv 2003.13911, equation 4). One value for the whole
 * batch.
 */
export const proxyAnchor: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters }) {
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const batch = cosines.shape[0] as number;
    const same = sameClass(labels); // [batch, batch]
    const share = tf.div(1, tf.sum(same, 1)); // [batch]: a class of the batch counts once, however many samples it has
    const toOwn = tf.mul(
      tf.add(tf.reshape(entriesAt(cosines, labels), [1, batch]), -plan.margin),
      tf.fill([batch, 1], -plan.alpha),
    ); // [batch, batch]
    const pull = tf.softplus(maskedLogSumExp(toOwn, same)); // [batch], equal within a class
    const toOthers = replaceEntries(
      tf.mul(tf.add(cosines, plan.margin), plan.alpha),
      labels,
      tf.fill([batch, 1], -1e9),
    );
    const push = tf.softplus(tf.logSumExp(toOthers, 0)); // [classes]
    const loss = tf.add(tf.div(tf.sum(tf.mul(pull, share)), tf.sum(share)), tf.mean(push));
    return { loss: tf.mul(tf.ones([batch]), loss), scores: cosines };
  },
};
