import { tf, type Tensor } from '../engine/tensorflow.ts';
import { headParameter, type HeadParameter } from './classificationLoss.ts';

/** Rows of unit length. */
export function unitRows(rows: Tensor): Tensor {
  return tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-12))); // [rows, size]
}

/** Class weights, one row a class, drawn from N(0, 0.01) as insightface does. */
export const classWeights = (classes: number, embeddingSize: number): HeadParameter => ({ name: 'head.weight', shape: [classes, embeddingSize], standardDeviation: 0.01 });

/** cos θ_ij of embeddings [batch, size] and class weights [classes, size]. */
export function classCosines(embeddings: Tensor, parameters: ReadonlyMap<string, Tensor>): Tensor {
  return tf.matMul(unitRows(embeddings), unitRows(headParameter(parameters, 'head.weight')), false, true); // [batch, classes]
}

/** The target class of each row as 1, the others as 0. */
export const targetMask = (labels: Tensor, classes: number): Tensor => tf.cast(tf.oneHot(labels, classes), 'float32'); // [batch, classes]
