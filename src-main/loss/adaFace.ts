import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { sparseSoftmaxCrossEntropy } from '../engine/kernels/crossEntropy.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { headParameter, type ClassificationLoss } from './classificationLoss.ts';
import { changeTarget, classCosines, classWeights, rowNorms } from './cosine.ts';
import { addClippedMargin } from './sampleMargin.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'adaFace' }>;

const meanName = 'head.normMean';
const deviationName = 'head.normDeviation';
// The authors' bounds: cosines within ±(1 - ε), angles within [ε, π - ε], norms within [0.001, 100].
const epsilon = 1e-3;

/**
 * Softmax cross-entropy of s cos θ_j with the target logit s (cos(θ_y - m z) - m - m z), z = h (|x| - μ)/σ within ±1
 * (arXiv 2204.00964, equations 11 to 14). State: μ and σ of the norms, starting at 20 and 100. As in the authors' code,
 * they move by `tAlpha` before the margins of their step; no gradient flows through z.
 */
export const adaFace: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [classWeights(classes, embeddingSize)],
  state: () => [
    { name: meanName, shape: [1], initialValue: 20 },
    { name: deviationName, shape: [1], initialValue: 100 },
  ],
  scores: ({ embeddings, parameters }) => classCosines(embeddings, parameters),
  compute(input) {
    const { plan, embeddings, labels, parameters, training } = input;
    const cosines = classCosines(embeddings, parameters); // [batch, classes]
    const norms = tf.clipByValue(rowNorms(stopGradient(embeddings)), 0.001, 100); // [batch, 1]
    const batchMean = tf.mean(norms);
    const batchDeviation = tf.sqrt(
      tf.div(tf.sum(tf.square(tf.sub(norms, batchMean))), Math.max(1, (norms.shape[0] as number) - 1)),
    );
    const moved = (name: string, now: Tensor) => {
      const kept = headParameter(parameters, name); // [1]
      return training ? tf.add(tf.mul(now, plan.tAlpha), tf.mul(kept, 1 - plan.tAlpha)) : kept;
    };
    const mean = moved(meanName, batchMean);
    const deviation = moved(deviationName, batchDeviation);
    // [batch, 1]
    const standardised = tf.clipByValue(tf.mul(tf.div(tf.sub(norms, mean), tf.add(deviation, epsilon)), plan.h), -1, 1);
    const additive = tf.mul(tf.add(standardised, 1), plan.margin);
    const bounded = tf.clipByValue(cosines, epsilon - 1, 1 - epsilon);
    const logits = tf.mul(
      changeTarget(bounded, input, (target) =>
        tf.sub(addClippedMargin(target, tf.mul(standardised, -plan.margin), epsilon), additive),
      ),
      plan.scale,
    );
    return {
      loss: sparseSoftmaxCrossEntropy(logits, labels),
      scores: cosines,
      logits,
      updates: training
        ? new Map([
            [meanName, mean],
            [deviationName, deviation],
          ])
        : new Map(),
    };
  },
};
