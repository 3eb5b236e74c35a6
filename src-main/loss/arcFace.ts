import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { elementwise } from '../engine/kernels/elementwise.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { marginSoftmax } from './marginSoftmax.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'arcFace' }>;

/** sin θ from cos θ. At least 1e-6, so that quotients by it stay finite at both poles. */
export const safeSine = (cosine: Tensor): Tensor => tf.sqrt(tf.maximum(tf.sub(1, tf.square(cosine)), 1e-12));

/** cos(θ + m) from cos θ; beyond θ = π - m: cos θ - m sin m. The derivative is in closed form, finite at both poles. */
export function addMargin(cosine: Tensor, margin: number): Tensor {
  const before = (x: Tensor) => tf.cast(tf.greater(x, Math.cos(Math.PI - margin)), 'bool');
  return elementwise(
    cosine,
    (x) =>
      tf.where(
        before(x),
        tf.sub(tf.mul(x, Math.cos(margin)), tf.mul(safeSine(x), Math.sin(margin))),
        tf.sub(x, margin * Math.sin(margin)),
      ),
    (x) =>
      tf.where(before(x), tf.add(Math.cos(margin), tf.mul(Math.sin(margin), tf.div(x, safeSine(x)))), tf.onesLike(x)),
  );
}

/**
 * Softmax cross-entropy of s cos θ_j with the target logit s cos(θ_y + m) (arXiv 1801.07698, equation 3). Beyond θ_y =
 * π - m it continues as s (cos θ_y - m sin m), so that it stays monotonic. The margin is in radians.
 */
export const arcFace = marginSoftmax<Plan>((plan, target) => addMargin(target, plan.marginRadians));
