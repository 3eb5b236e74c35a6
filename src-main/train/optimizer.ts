import { groupBy } from '../../src-shared/groupBy.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import type { OptimizerPlan } from '../../src-shared/trainingSchema.ts';
import { halfSumOfSquares } from '../engine/kernels/elementwise.ts';
import { momentumStep } from '../engine/kernels/momentumStep.ts';
import { binding, tf, type Tensor } from '../engine/tensorflow.ts';
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
  /** Whether small parameters are updated as one vector, as a card does it where absent. */
  readonly together?: boolean;
}

/** One parameter, or several as one vector, with what its update needs. */
interface Parameter {
  readonly value: Tensor;
  readonly gradient: Tensor; // not clipped, without weight decay
  readonly clip: Tensor | null;
  /** The slot or scalar of a name. */
  readonly slot: (name: string) => Tensor;
  readonly rate: Tensor;
  readonly scalar: (name: string) => Tensor;
}

/** A parameter's new value, and its new slots by name. */
interface Updated {
  readonly value: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
}

/** New values of all parameters and slots after one step, as PyTorch's torch.optim computes them. */
export function optimizerUpdates({
  plan,
  scalars,
  state,
  gradients,
  clipOf = () => null,
  rateFactor = () => 1,
  together = binding.isUsingGpuDevice(),
}: OptimizerInput): Map<string, Tensor> {
  const find = (from: ReadonlyMap<string, Tensor>, name: string): Tensor => {
    const tensor = from.get(name);
    if (!tensor) throw new Error(`The optimiser lacks ${name}.`);
    return tensor;
  };
  const known = new Map(Object.entries(scalars));
  const rateOf = ratesByFactor(find(known, 'learningRate'));
  const updates = new Map<string, Tensor>();
  const groups = together
    ? groupsOfLike(gradients, { clipOf, rateFactor })
    : [...gradients.keys()].map((name) => [name]);
  for (const names of groups) {
    const first = names[0]!;
    const shapes = names.map((name) => find(gradients, name).shape);
    const joined = (from: ReadonlyMap<string, Tensor>, nameOf = (name: string) => name) =>
      joinedTensors(names.map((name) => find(from, nameOf(name))));
    const parameter: Parameter = {
      value: joined(state),
      gradient: joined(gradients),
      clip: clipOf(first),
      slot: (slot) => joined(state, (name) => slotName(slot, name)),
      rate: rateOf(rateFactor(first)),
      scalar: (scalar) => find(known, scalar),
    };
    const { value, slots } = plan.name === 'sgd' ? sgdUpdate(plan, parameter) : adamUpdate(plan, parameter);
    partedTensors(value, shapes).forEach((part, at) => updates.set(names[at]!, part));
    for (const [slot, tensor] of Object.entries(slots))
      partedTensors(tensor, shapes).forEach((part, at) => updates.set(slotName(slot, names[at]!), part));
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

const mostJoined = 2 ** 20; // numbers; a larger parameter takes longer to copy than to start the operations of its own

/** Names of gradients, all small ones together that are clipped alike and have one rate. */
function groupsOfLike(
  gradients: ReadonlyMap<string, Tensor>,
  { clipOf, rateFactor }: Required<Pick<OptimizerInput, 'clipOf' | 'rateFactor'>>,
): string[][] {
  const isLarge = (name: string) => (gradients.get(name)?.size ?? 0) > mostJoined;
  const kindOf = (name: string) => (isLarge(name) ? name : `${clipOf(name)?.id ?? 'free'} ${rateFactor(name)}`);
  return [...groupBy(gradients.keys(), kindOf).values()];
}

/** Tensors one after the other as a vector; a single one as it is. */
const joinedTensors = (tensors: readonly Tensor[]): Tensor =>
  tensors.length === 1 ? tensors[0]! : tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));

/** The tensors that joinedTensors joined, from what became of the vector. */
function partedTensors(vector: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
  if (shapes.length === 1) return [vector];
  const parts = tf.split(vector, shapes.map(elementCount));
  return shapes.map((shape, at) => tf.reshape(parts[at]!, [...shape]));
}

const clipped = ({ gradient, clip }: Parameter): Tensor => (clip ? tf.mul(gradient, clip) : gradient);

/** The gradient of the loss plus decay / 2 · |parameter|². */
const withDecay = (parameter: Parameter, decay: number): Tensor =>
  decay > 0 ? tf.add(clipped(parameter), tf.mul(parameter.value, decay)) : clipped(parameter);

/** SGD, with momentum (Nesterov's or plain) where the plan asks for it. */
function sgdUpdate(plan: Extract<OptimizerPlan, { name: 'sgd' }>, parameter: Parameter): Updated {
  const { value, clip, rate } = parameter;
  const { weightDecay, momentum, nesterov } = plan;
  if (momentum === 0) return { value: tf.sub(value, tf.mul(withDecay(parameter, weightDecay), rate)), slots: {} };
  const slot = parameter.slot('momentum');
  const native = momentumStep(
    { parameter: value, slot, gradient: parameter.gradient, clip: clip ?? tf.scalar(1), rate },
    { decay: weightDecay, momentum, nesterov },
  );
  if (native) return { value: native.parameter, slots: { momentum: native.slot } };
  const gradient = withDecay(parameter, weightDecay);
  const velocity = tf.add(tf.mul(slot, momentum), gradient);
  const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
  return { value: tf.sub(value, tf.mul(direction, rate)), slots: { momentum: velocity } };
}

/** Adam (arXiv 1412.6980, algorithm 1), or AdamW, which decays the parameter itself (arXiv 1711.05101, algorithm 2). */
function adamUpdate(plan: Extract<OptimizerPlan, { name: 'adam' | 'adamw' }>, parameter: Parameter): Updated {
  const { value, rate } = parameter;
  const { beta1, beta2, epsilon, weightDecay } = plan;
  const isDecoupled = plan.name === 'adamw';
  const gradient = withDecay(parameter, isDecoupled ? 0 : weightDecay);
  const first = tf.add(tf.mul(parameter.slot('firstMoment'), beta1), tf.mul(gradient, 1 - beta1));
  const second = tf.add(tf.mul(parameter.slot('secondMoment'), beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const denominator = tf.add(tf.sqrt(tf.div(second, parameter.scalar('secondCorrection'))), epsilon);
  const decayed = isDecoupled && weightDecay > 0 ? tf.mul(value, tf.sub(1, tf.mul(rate, weightDecay))) : value;
  const direction = tf.div(tf.div(first, parameter.scalar('firstCorrection')), denominator);
  return {
    value: tf.sub(decayed, tf.mul(rate, direction)),
    slots: { firstMoment: first, secondMoment: second },
  };
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
