import type { OptimizerPlan } from '../../src-shared/experiment.ts';
import { halfSumOfSquares, momentumStep } from '../engine/kernels.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { slotName } from './optimizerSlots.ts';

/** Numbers that change from step to step and are fed; step counts from 1. */
export function optimizerScalars(
  plan: OptimizerPlan,
  step: number,
  learningRate: number,
): Record<'learningRate' | 'firstCorrection' | 'secondCorrection', Float32Array> {
  const [first, second] = plan.name === 'sgd' ? [1, 1] : [1 - plan.beta1 ** step, 1 - plan.beta2 ** step];
  return {
    learningRate: Float32Array.of(learningRate),
    firstCorrection: Float32Array.of(first),
    secondCorrection: Float32Array.of(second),
  };
}

export interface OptimizerInput {
  readonly plan: OptimizerPlan;
  readonly scalars: Readonly<Record<string, Tensor>>;
  readonly state: ReadonlyMap<string, Tensor>;
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** A scalar that all gradients are multiplied by. */
  readonly clip?: Tensor | null;
  /** Factor of the learning rate for a parameter; 1 for all of them where absent. */
  readonly rateFactor?: (parameter: string) => number;
}

/** New values of parameters and slots after one step, as PyTorch's torch.optim computes them. */
export function optimizerUpdates({
  plan,
  scalars,
  state,
  gradients,
  clip = null,
  rateFactor = () => 1,
}: OptimizerInput): Map<string, Tensor> {
  const updates = new Map<string, Tensor>();
  const get = (name: string): Tensor => {
    const tensor = state.get(name) ?? scalars[name];
    if (!tensor) throw new Error(`The optimiser lacks ${name}.`);
    return tensor;
  };
  const rateOf = ratesByFactor(get('learningRate'));
  for (const [name, unclipped] of gradients) {
    const parameter = get(name);
    const rate = rateOf(rateFactor(name));
    if (plan.name === 'sgd' && plan.momentum > 0) {
      const slot = slotName('momentum', name);
      const stepped = momentumStep(
        { parameter, slot: get(slot), gradient: unclipped, clip: clip ?? tf.scalar(1), rate },
        { decay: plan.weightDecay, momentum: plan.momentum, nesterov: plan.nesterov },
      );
      if (stepped) {
        updates.set(slot, stepped.slot).set(name, stepped.parameter);
        continue;
      }
    }
    const rawGradient = clip ? tf.mul(unclipped, clip) : unclipped;
    const gradient =
      plan.weightDecay > 0 && plan.name !== 'adamw'
        ? tf.add(rawGradient, tf.mul(parameter, plan.weightDecay))
        : rawGradient;
    switch (plan.name) {
      case 'sgd': {
        let direction = gradient;
        if (plan.momentum > 0) {
          const slot = slotName('momentum', name);
          const momentum = tf.add(tf.mul(get(slot), plan.momentum), gradient);
          updates.set(slot, momentum);
          direction = plan.nesterov ? tf.add(gradient, tf.mul(momentum, plan.momentum)) : momentum;
        }
        updates.set(name, tf.sub(parameter, tf.mul(direction, rate)));
        break;
      }
      case 'adam':
      case 'adamw': {
        const firstSlot = slotName('firstMoment', name);
        const secondSlot = slotName('secondMoment', name);
        const first = tf.add(tf.mul(get(firstSlot), plan.beta1), tf.mul(gradient, 1 - plan.beta1));
        const second = tf.add(tf.mul(get(secondSlot), plan.beta2), tf.mul(tf.square(gradient), 1 - plan.beta2));
        updates.set(firstSlot, first);
        updates.set(secondSlot, second);
        const denominator = tf.add(tf.sqrt(tf.div(second, get('secondCorrection'))), plan.epsilon);
        const decayed =
          plan.name === 'adamw' && plan.weightDecay > 0
            ? tf.mul(parameter, tf.sub(1, tf.mul(rate, plan.weightDecay)))
            : parameter;
        updates.set(name, tf.sub(decayed, tf.mul(rate, tf.div(tf.div(first, get('firstCorrection')), denominator))));
        break;
      }
    }
  }
  return updates;
}

/** The learning rate times a factor, one tensor for each factor. */
function ratesByFactor(rate: Tensor): (factor: number) => Tensor {
  const scaled = new Map([[1, rate]]);
  return (factor) => {
    const known = scaled.get(factor) ?? tf.mul(rate, factor);
    scaled.set(factor, known);
    return known;
  };
}

/**
 * Global norm of all gradients, and the factor that scales them down to `limit` where they exceed it (null where limit
 * is 0), as torch's clip_grad_norm_.
 */
export function clipByGlobalNorm(
  gradients: ReadonlyMap<string, Tensor>,
  limit: number,
): { norm: Tensor; clip: Tensor | null } {
  const norm = tf.sqrt(tf.mul(tf.addN([...gradients.values()].map((gradient) => halfSumOfSquares(gradient))), 2));
  return { norm, clip: limit === 0 ? null : tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1) };
}
