import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels/crossEntropy.ts';
import { tf } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { changeTarget, classCosines, classWeights, rowNorms } from './cosine.ts';
import { addSampleMargin } from './sampleMargin.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'magFace' }>;

/**
 * ArcFace with a margin linear in the embedding's norm a, from l_m at l_a to u_m at u_a, plus λ_g (1/a + a/u_a²), which
 * rewards large norms (arXiv 2103.06627, equation 3). The norm is clipped to l_a and u_a; the gradient flows through
 * the margin.
 */
export const magFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute(input) {
    const { plan, embeddings, labels, parameters } = input;
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const norms = tf.clipByValue(rowNorms(embeddings), plan.lowerNorm, plan.upperNorm); // [batch, 1]
    const slope = (plan.upperMargin - plan.lowerMargin) / (plan.upperNorm - plan.lowerNorm);
    const margins = tf.add(tf.mul(tf.sub(norms, plan.lowerNorm), slope), plan.lowerMargin);
    const logits = tf.mul(
      changeTarget(cosines, input, (target) => addSampleMargin(target, margins)),
      plan.scale,
    );
    const reward = tf.reshape(tf.add(tf.div(1, norms), tf.div(norms, plan.upperNorm ** 2)), [-1]); // [batch]
    return {
      loss: tf.add(sparseSoftmaxCrossEntropy(logits, labels), tf.mul(reward, plan.lambdaG)),
      scores: cosines,
      logits,
    };
  },
};
