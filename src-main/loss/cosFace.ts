import type { ClassificationLossPlan } from '../../src-shared/losses.ts';
import { tf } from '../engine/tensorflow.ts';
import { marginSoftmax } from './marginSoftmax.ts';

type Plan = Extract<ClassificationLossPlan, { name: 'cosFace' }>;

/** Softmax cross-entropy of s cos θ_j with the target logit s (cos θ_y - m) (arXiv 1801.09414, equation 4). */
export const cosFace = marginSoftmax<Plan>((plan, target) => tf.sub(target, plan.margin));
