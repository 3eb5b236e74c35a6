import type { OptimizerPlan } from '../../src-shared/trainingSchema.ts';
import { halfSumOfSquares } from '../engine/kernels/elementwise.ts';
import { momentumStep } from '../engine/kernels/momentumStep.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { slotName } from './optimizerSlots.ts';

/** The scalars of an optimiser that change from step to step. `step` counts from 1. */
export function optimizerScalars(
  plan: OptimizerPlan,
  step: number,
  learningRate: number,
): Record<'learningRate' | 'firstCorrection' | 'secondCorrection', Float32Array> {
  const isAdam = plan.name !== 'sgd';
  return {
    learningRate: Float32Array.of(learningRate),
    firstCorrection: Float32Array.of(isAdam ? 1 - plan.beta1 ** step : 1),
    secondCorrection: Float32Array.of(isAdam ? 1 - plan.beta2 ** step : 1),
  };
}

export interface OptimizerInput {
  readonly plan: OptimizerPlan;
  readonly scalars: Readonly<Record<string, Tensor>>;
  readonly state: ReadonlyMap<string, Tensor>;
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** A scalar that multiplies the gradient of a parameter; null where it is taken as it is. */
  readonly clipOf?: (name: string) => Tensor | null;
  /** Factor of the learning rate for a parameter; 1 for all of them where absent. */
  readonly rateFactor?: (parameter: string) => number;
}

/** One parameter with what its update needs. */
interface Parameter {
  readonly name: string;
  readonly value: Tensor;
  readonly gradient: Tensor; // not clipped, without weight decay
  readonly clip: Tensor | null;
  /** The slot or scalar of a name. */
  readonly slot: (name: string) => Tensor;
  readonly rate: Tensor;
  readonly scalar: (name: string) => Tensor;
}

/** New values of all parameters and slots after one step, as PyTorch's torch.optim computes them. */
export function optimizerUpdates({
  plan,
  scalars,
  state,
  gradients,
  clipOf = () => null,
  rateFactor = () => 1,
}: OptimizerInput): Map<string, Tensor> {
  const find = (from: ReadonlyMap<string, Tensor>, name: string): Tensor => {
    const tensor = from.get(name);
    if (!tensor) throw new Error(`The optimiser lacks ${name}.`);
    return tensor;
  };
  const known = new Map(Object.entries(scalars));
  const rateOf = ratesByFactor(find(known, 'learningRate'));
  const updates = new Map<string, Tensor>();
  for (const [name, gradient] of gradients) {
    const parameter: Parameter = {
      name,
      value: find(state, name),
      gradient,
      clip: clipOf(name),
      slot: (slot) => find(state, slotName(slot, name)),
      rate: rateOf(rateFactor(name)),
      scalar: (scalar) => find(known, scalar),
    };
    const updated = plan.name === 'sgd' ? sgdUpdate(plan, parameter) : adamUpdate(plan, parameter);
    for (const [key, tensor] of updated) updates.set(key, tensor);
  }
  return updates;
}

/** The learning rate times a factor, one tensor for each factor. */
function ratesByFactor(rate: Tensor): (factor: number) => Tensor {
  const scaled = new Map([[1, rate]]);
  return (factor) => {
    const product = scaled.get(factor) ?? tf.mul(rate, factor);
    scaled.set(factor, product);
    return product;
  };
}

type Updates = readonly (readonly [string, Tensor])[];

const clipped = ({ gradient, clip }: Parameter): Tensor => (clip ? tf.mul(gradient, clip) : gradient);

/** The gradient of the loss plus decay / 2 · |parameter|². */
const withDecay = (parameter: Parameter, decay: number): Tensor =>
  decay > 0 ? tf.add(clipped(parameter), tf.mul(parameter.value, decay)) : clipped(parameter);

/** SGD, with momentum (Nesterov's or plain) where the plan asks for it. */
function sgdUpdate(plan: Extract<OptimizerPlan, { name: 'sgd' }>, parameter: Parameter): Updates {
  const { name, value, clip, rate } = parameter;
  const { weightDecay, momentum, nesterov } = plan;
  if (momentum === 0) return [[name, tf.sub(value, tf.mul(withDecay(parameter, weightDecay), rate))]];
  const slot = slotName('momentum', name);
  const native = momentumStep(
    {
      parameter: value,
      slot: parameter.slot('momentum'),
      gradient: parameter.gradient,
      clip: clip ?? tf.scalar(1),
      rate,
    },
    { decay: weightDecay, momentum, nesterov },
  );
  if (native)
    return [
      [slot, native.slot],
      [name, native.parameter],
    ];
  const gradient = withDecay(parameter, weightDecay);
  const velocity = tf.add(tf.mul(parameter.slot('momentum'), momentum), gradient);
  const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
  return [
    [slot, velocity],
    [name, tf.sub(value, tf.mul(direction, rate))],
  ];
}

/** Adam (arXiv 1412.6980, algorithm 1), or AdamW, which decays the parameter itself (arXiv 1711.05101, algorithm 2). */
function adamUpdate(plan: Extract<OptimizerPlan, { name: 'adam' | 'adamw' }>, parameter: Parameter): Updates {
  const { name, value, rate } = parameter;
  const { beta1, beta2, epsilon, weightDecay } = plan;
  const isDecoupled = plan.name === 'adamw';
  const gradient = withDecay(parameter, isDecoupled ? 0 : weightDecay);
  const first = tf.add(tf.mul(parameter.slot('firstMoment'), beta1), tf.mul(gradient, 1 - beta1));
  const second = tf.add(tf.mul(parameter.slot('secondMoment'), beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const denominator = tf.add(tf.sqrt(tf.div(second, parameter.scalar('secondCorrection'))), epsilon);
  const decayed = isDecoupled && weightDecay > 0 ? tf.mul(value, tf.sub(1, tf.mul(rate, weightDecay))) : value;
  const direction = tf.div(tf.div(first, parameter.scalar('firstCorrection')), denominator);
  return [
    [slotName('firstMoment', name), first],
    [slotName('secondMoment', name), second],
    [name, tf.sub(decayed, tf.mul(rate, direction))],
  ];
}

/**
 * The norm of gradients taken together, the factor that scales them down to `limit` where the norm is larger, as
 * torch's clip_grad_norm_, and whether it is: 1 or 0. Factor and answer are null where `limit` is 0.
 */
export function clipByGlobalNorm(
  gradients: Iterable<Tensor>,
  limit: number,
): { norm: Tensor; clip: Tensor | null; clipped: Tensor | null } {
  // Not addN: TensorFlow's AddN adds in an order that depends on which of its inputs is free first.
  const halves = tf.stack(Array.from(gradients, (gradient) => halfSumOfSquares(gradient)));
  const norm = tf.sqrt(tf.mul(tf.sum(halves), 2));
  if (limit === 0) return { norm, clip: null, clipped: null };
  return {
    norm,
    clip: tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1),
    clipped: tf.cast(tf.greater(norm, limit), 'float32'),
  };
}
