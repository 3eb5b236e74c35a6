import { angularMargin, type LossPlan } from '../../src-shared/losses.ts';
import { entriesAt } from '../engine/kernels/tableEntries.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { LossOutput } from '../loss/classificationLoss.ts';
import { rowNorms } from '../loss/cosine.ts';

const shareOf = (condition: Tensor): Tensor => tf.mean(tf.cast(condition, 'float32'));

/**
 * Scalars that show how a training step is doing, by name: accuracy without margin, mean angle to the target's centre
 * in degrees, and mean norm of the embeddings. Where the loss allows, also the share of samples that satisfy the
 * margin, and the share whose angle is beyond π - m.
 */
export function stepHealth(
  loss: LossPlan,
  { output, embeddings, labels }: { readonly output: LossOutput; readonly embeddings: Tensor; readonly labels: Tensor },
): Record<string, Tensor> {
  const { scores, logits } = output;
  const targetCosines = tf.clipByValue(output.targetCosines ?? entriesAt(scores, labels), -1, 1); // [batch, 1]
  const margin = angularMargin(loss);
  return {
    accuracy: shareOf(tf.equal(tf.argMax(scores, 1), labels)),
    targetAngleDegrees: tf.mul(tf.mean(tf.acos(targetCosines)), 180 / Math.PI),
    embeddingNorm: tf.mean(rowNorms(embeddings)),
    ...(logits ? { marginSatisfied: shareOf(tf.equal(tf.argMax(logits, 1), labels)) } : {}),
    ...(margin === null ? {} : { beyondMargin: shareOf(tf.less(targetCosines, Math.cos(Math.PI - margin))) }),
  };
}
