import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { rowsAt } from '../engine/kernels/tableEntries.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { headParameter, type ClassificationLoss } from './classificationLoss.ts';
import { classWeights, unitRows } from './cosine.ts';
import { smoothedCrossEntropy } from './smoothedCrossEntropy.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'crossEntropy' }>;

const logits = (embeddings: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor =>
  tf.add(
    tf.matMul(embeddings, headParameter(parameters, 'head.weight'), false, true),
    headParameter(parameters, 'head.bias'),
  ); // [batch, classes]

/** cos θ_y of each sample, [batch, 1]. The scores of this loss are not cosines. */
const targetCosines = (embeddings: Tensor, labels: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor =>
  // [batch, 1]
  tf.sum(tf.mul(unitRows(embeddings), unitRows(rowsAt(headParameter(parameters, 'head.weight'), labels))), 1, true);

/** Softmax cross-entropy of W x + b, with label smoothing. */
export const crossEntropy: ClassificationLoss<Plan> = {
  head: ({ classes, embeddingSize }) => [
    classWeights(classes, embeddingSize),
    { name: 'head.bias', shape: [classes], standardDeviation: 0, rowsPerClass: 1 },
  ],
  scores: ({ embeddings, parameters }) => logits(embeddings, parameters),
  compute({ plan, embeddings, labels, parameters }) {
    const scores = logits(embeddings, parameters);
    return {
      loss: smoothedCrossEntropy(scores, labels, plan.labelSmoothing),
      scores,
      logits: scores,
      targetCosines: targetCosines(embeddings, labels, parameters),
    };
  },
};
