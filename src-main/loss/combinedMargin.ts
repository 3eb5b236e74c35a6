import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { elementwise } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { addMargin, safeSine } from './arcFace.ts';
import { marginSoftmax } from './marginSoftmax.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'combinedMargin' }>;

const angle = (cosine: Tensor): Tensor => tf.acos(tf.clipByValue(cosine, -1, 1));

/**
 * cos(m1 θ + m2) from cos θ. Beyond m1 θ + m2 = π, at θ = t, it continues as cos θ - cos t - 1, which keeps falling
 * without a jump.
 */
function multiplyAndAdd(cosine: Tensor, multiplier: number, margin: number): Tensor {
  const limit = Math.cos((Math.PI - margin) / multiplier);
  const before = (x: Tensor) => tf.cast(tf.greater(x, limit), 'bool');
  const widened = (x: Tensor) => tf.add(tf.mul(angle(x), multiplier), margin);
  return elementwise(
    cosine,
    (x) => tf.where(before(x), tf.cos(widened(x)), tf.sub(x, limit + 1)),
    (x) => tf.where(before(x), tf.div(tf.mul(multiplier, tf.sin(widened(x))), safeSine(x)), tf.onesLike(x)),
  );
}

/**
 * Softmax cross-entropy of s cos θ_j with the target logit s (cos(m1 θ_y + m2) - m3) (arXiv 1801.07698, equation 4).
 * With m1 = 1 it continues beyond θ_y = π - m2 as ArcFace does, so that (1, m, 0) is ArcFace and (1, 0, m) is CosFace.
 */
export const combinedMargin = marginSoftmax<Plan>(({ multiplier, marginRadians, margin }, target) =>
  tf.sub(
    multiplier === 1 ? addMargin(target, marginRadians) : multiplyAndAdd(target, multiplier, marginRadians),
    margin,
  ),
);
