import type { MetricLossPlan } from '../../src-shared/losses.ts';
import { addToRows, rowsAt } from '../engine/kernels/tableEntries.ts';
import { stopGradient } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import {
  headParameter,
  type ClassificationLoss,
  type HeadState,
  type LossInput,
  type MetricLoss,
} from './classificationLoss.ts';
import { unitRows } from './cosine.ts';
import { sameClass } from './pairs.ts';

const meansName = 'head.classMean';
// Half of the mean is the newest batch: the embedding moves while it is trained, and old pictures mislead.
const rate = 0.5;

/** The mean of each class's unit embeddings. It starts at 0, which is the nearest mean of no picture. */
export const classMeanState = (classes: number, embeddingSize: number): HeadState => ({
  name: meansName,
  shape: [classes, embeddingSize],
  initialValue: 0,
});

/** Cosines to the kept class means: [batch, classes]. */
export const classMeanScores = (embeddings: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor =>
  tf.matMul(unitRows(embeddings), unitRows(headParameter(parameters, meansName)), false, true);

/** The class means after a batch, each moved half way to its mean in the batch. Classes that the batch lacks stay. */
export function classMeanUpdates({
  embeddings,
  labels,
  parameters,
}: Pick<LossInput<never>, 'embeddings' | 'labels' | 'parameters'>): Map<string, Tensor> {
  const means = headParameter(parameters, meansName); // [classes, size]
  const steps = tf.div(
    tf.sub(unitRows(stopGradient(embeddings)), rowsAt(means, labels)),
    tf.sum(sameClass(labels), 1, true),
  ); // [batch, size]
  return new Map([[meansName, addToRows(means, labels, tf.mul(steps, rate))]]);
}

/**
 * A metric loss alone. Only the embedding is trained, and accuracy is that of the nearest class mean of the training
 * embeddings, by cosine.
 */
export const byClassCenter = <P extends MetricLossPlan>(metric: MetricLoss<P>): ClassificationLoss<P> => ({
  head: () => [],
  state: (options) => [...(metric.state?.(options) ?? []), classMeanState(options.classes, options.embeddingSize)],
  scores: ({ embeddings, parameters }) => classMeanScores(embeddings, parameters),
  compute(input) {
    const { loss, updates } = metric.compute(input);
    return {
      loss,
      scores: classMeanScores(stopGradient(input.embeddings), input.parameters),
      updates: input.training ? new Map([...(updates ?? []), ...classMeanUpdates(input)]) : new Map(),
    };
  },
});
