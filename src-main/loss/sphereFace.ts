import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { elementwise } from '../engine/kernels/elementwise.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels/crossEntropy.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { changeTarget, classCosines, classWeights, rowNorms } from './cosine.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'sphereFace' }>;

/** Chebyshev polynomial of the first ('cos(n θ)') or second ('sin((n + 1) θ) / sin θ') kind at cos θ. */
function chebyshev(kind: 'first' | 'second', degree: number, cosine: Tensor): Tensor {
  let before: Tensor = tf.onesLike(cosine);
  let now = kind === 'first' ? cosine : tf.mul(cosine, 2);
  if (degree === 0) return before;
  for (let n = 1; n < degree; n++) {
    const next = tf.sub(tf.mul(tf.mul(cosine, now), 2), before);
    before = now;
    now = next;
  }
  return now;
}

/** The segment k of each angle: the angle is in [kπ/m, (k + 1)π/m]. */
function segment(cosine: Tensor, margin: number): Tensor {
  const passed = Array.from({ length: margin - 1 }, (_, index) =>
    tf.cast(tf.less(cosine, Math.cos(((index + 1) * Math.PI) / margin)), 'float32'),
  );
  return passed.reduce((sum, one) => tf.add(sum, one), tf.zerosLike(cosine));
}

/** (-1)^k = 1 - 2 (k mod 2) without a power of a negative number. */
const sign = (k: Tensor): Tensor => tf.sub(1, tf.mul(2, tf.sub(k, tf.mul(2, tf.floor(tf.div(k, 2))))));

/** ψ(θ) = (-1)^k cos(m θ) - 2k from cos θ; its derivative is a polynomial, finite at both poles. */
export const multiplyAngle = (cosine: Tensor, margin: number): Tensor =>
  elementwise(
    cosine,
    (x) => tf.sub(tf.mul(sign(segment(x, margin)), chebyshev('first', margin, x)), tf.mul(2, segment(x, margin))),
    (x) => tf.mul(sign(segment(x, margin)), tf.mul(margin, chebyshev('second', margin - 1, x))),
  );

/**
 * Softmax cross-entropy of s cos θ_j with the target logit s ψ(θ_y) (arXiv 1704.08063, equation 7), on unit embeddings.
 * With `keepNorm` all logits are multiplied by the embedding's norm, as in the paper and in pytorch-metric-learning.
 */
export const sphereFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute(input) {
    const { plan, embeddings, labels, parameters } = input;
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const changed = tf.mul(
      changeTarget(cosines, input, (target) => multiplyAngle(target, plan.margin)),
      plan.scale,
    );
    const logits = plan.keepNorm ? tf.mul(changed, rowNorms(embeddings)) : changed;
    return { loss: sparseSoftmaxCrossEntropy(logits, labels), scores: cosines, logits };
  },
};
