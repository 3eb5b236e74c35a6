import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels/crossEntropy.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { changeTarget, classCosines, classWeights } from './cosine.ts';
import { addSampleMargin } from './sampleMargin.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'elasticFace' }>;

const noiseName = 'margin';

/** The margin of each sample, [batch, 1]: m + σ noise, at least 0. For inference it is m. */
function margins(plan: Plan, target: Tensor, noise: Tensor | undefined): Tensor {
  return noise === undefined
    ? tf.mul(tf.onesLike(target), plan.margin)
    : tf.maximum(tf.add(tf.mul(noise, plan.sigma), plan.margin), 0);
}

/**
 * ArcFace (form 'arc') or CosFace ('cos') with a margin drawn from N(m, σ) for each sample of a step (arXiv 2109.09416,
 * equations 4 to 6). Beyond θ_y = π - m_i it continues as ArcFace does. Noise: 'margin', [batch, 1].
 */
export const elasticFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  noise: ({ batchSize }) => [{ name: noiseName, shape: [batchSize, 1] }],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute(input) {
    const { plan, embeddings, labels, parameters, training, noise } = input;
    if (training && !noise.has(noiseName)) throw new Error('The elasticFace loss has no noise.');
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const logits = tf.mul(
      changeTarget(cosines, input, (target) => {
        const drawn = margins(plan, target, training ? noise.get(noiseName) : undefined);
        return plan.form === 'arc' ? addSampleMargin(target, drawn) : tf.sub(target, drawn);
      }),
      plan.scale,
    );
    return { loss: sparseSoftmaxCrossEntropy(logits, labels), scores: cosines, logits };
  },
};
