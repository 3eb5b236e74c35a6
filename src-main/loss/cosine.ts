import { entriesAt, replaceEntries } from '../engine/kernels/tableEntries.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { headParameter, type HeadParameter, type LossInput } from './classificationLoss.ts';

/** Rows of unit length. */
export function unitRows(rows: Tensor): Tensor {
  return tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-12))); // [rows, size]
}

/** Lengths of rows, [rows, 1]. The gradient stays finite at 0. */
export const rowNorms = (rows: Tensor): Tensor => tf.sqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-12)); // [rows, 1]

export const classWeightName = 'head.weight';

/**
 * Class weights, one or more rows for each class, drawn from a normal distribution with standard deviation 0.01, as
 * insightface does.
 */
export const classWeights = (classes: number, embeddingSize: number, rowsPerClass = 1): HeadParameter => ({
  name: classWeightName,
  shape: [classes * rowsPerClass, embeddingSize],
  standardDeviation: 0.01,
  rowsPerClass,
});

/** cos θ_ij of embeddings [batch, size] and class weights [classes, size]. */
export function classCosines(embeddings: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor {
  // [batch, classes]
  return tf.matMul(unitRows(embeddings), unitRows(headParameter(parameters, classWeightName)), false, true);
}

/**
 * What a margin adds to the target's cosine, [batch, 1]. During margin warm-up only the share reached so far, as
 * SphereFace anneals it (arXiv 1704.08063, appendix).
 */
export const marginChange = (target: Tensor, changed: Tensor, share: Tensor | undefined): Tensor =>
  share ? tf.mul(tf.sub(changed, target), share) : tf.sub(changed, target);

/**
 * cos θ_ij [batch, classes] with the cosine of the target changed by a margin, a function from [batch, 1] to [batch,
 * 1].
 */
export function changeTarget(
  cosines: Tensor,
  { labels, marginShare }: Pick<LossInput<unknown>, 'labels' | 'marginShare'>,
  change: (target: Tensor) => Tensor,
): Tensor {
  const target = entriesAt(cosines, labels);
  // [batch, classes]
  return replaceEntries(cosines, labels, tf.add(target, marginChange(target, change(target), marginShare)));
}
