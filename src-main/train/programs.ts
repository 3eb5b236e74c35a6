import type { Plan } from '../../src-shared/experiment.ts';
import type { LossPlan } from '../../src-shared/losses.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { forward } from '../model/forward.ts';
import type { InputSpec, Program, StateSpec } from '../engine/graph/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { classificationLoss } from '../loss/classificationLosses.ts';
import { lossNoiseInputs, lossNoiseOf } from '../loss/lossNoise.ts';
import { backboneOf, parameterSpecs, type Network } from '../model/network.ts';
import { networkInput } from './augmentation.ts';
import { augmentationInputs } from './augmentationDraws.ts';
import { labelRanks } from './labelRanks.ts';
import { valueAndGradients } from './valueAndGradients.ts';
import { classRows } from './classDraws.ts';
import { clipByGlobalNorm, optimizerUpdates } from './optimizer.ts';
import { optimizerSlots, slotName } from './optimizerSlots.ts';
import { stepHealth } from './stepHealth.ts';

export interface ProgramOptions {
  readonly network: Network;
  readonly loss: LossPlan;
  readonly classes: number;
  readonly training: Plan['training'];
}

/** What a loss needs to know to list its head's parameters and its state. */
const headOptions = ({ network, loss, classes }: Omit<ProgramOptions, 'training'>) => ({
  plan: loss,
  classes,
  embeddingSize: network.embeddingSize,
});

/** Names of the network's trained parameters, the embedding layer's included. */
const networkNames = (network: Network): string[] =>
  parameterSpecs(network)
    .filter((spec) => spec.trainable)
    .map(({ name }) => name);

/** Names of all trained parameters: the network's, then the head's. */
export const trainableNames = (options: ProgramOptions): string[] => [
  ...networkNames(options.network),
  ...classificationLoss(options.loss)
    .head(headOptions(options))
    .map(({ name }) => name),
];

/** Names of the parameters that a weight file gives: those up to the pooled features. */
function backboneNames(network: Network): ReadonlySet<string> {
  return new Set(parameterSpecs(backboneOf(network)).map(({ name }) => name));
}

/** Shapes of what a loss trains and keeps beside the backbone, by name. */
export function headShapes(options: Omit<ProgramOptions, 'training'>): Map<string, readonly number[]> {
  const loss = classificationLoss(options.loss);
  const head = loss.head(headOptions(options));
  const state = loss.state?.(headOptions(options)) ?? [];
  return new Map([...head, ...state].map(({ name, shape }) => [name, shape]));
}

/**
 * All that a training step reads and writes: backbone, head, batch-norm statistics, the loss's own state and the
 * optimiser's slots. The head is drawn from the seed, except what
 * `head` gives.
 */
export function initialState(
  options: ProgramOptions & {
    readonly backbone: ReadonlyMap<string, Float32Array>;
    readonly head?: ReadonlyMap<string, Float32Array> | undefined;
    readonly seed: number;
  },
): Map<string, StateSpec> {
  const { network, training, backbone, seed } = options;
  const loss = classificationLoss(options.loss);
  const state = new Map<string, StateSpec>();

  // Backbone, with its batch-norm statistics
  for (const { name, shape } of parameterSpecs(network)) {
    const values = backbone.get(name);
    if (!values) throw new Error(`The initial weights lack ${name}.`);
    state.set(name, { shape, values });
  }

  // Head and state of the loss
  for (const { name, shape, standardDeviation } of loss.head(headOptions(options))) {
    // With very many classes, most of a start goes into these draws: what is given is not drawn.
    const values = options.head?.get(name) ?? drawnHead(elementCount(shape), standardDeviation, [seed, name]);
    state.set(name, { shape, values });
  }
  for (const { name, shape, initialValue } of loss.state?.(headOptions(options)) ?? [])
    state.set(name, { shape, values: new Float32Array(elementCount(shape)).fill(initialValue) });

  for (const [name, values] of options.head ?? []) {
    const own = state.get(name);
    if (!own || elementCount(own.shape) !== values.length) throw new Error(`The loss has no ${name} of this length.`);
    state.set(name, { shape: own.shape, values });
  }

  // Slots of the optimiser
  for (const name of trainableNames(options)) {
    const { shape, values } = state.get(name)!;
    for (const slot of optimizerSlots(training.optimizer))
      state.set(slotName(slot, name), { shape, values: new Float32Array(values.length) });
  }
  return state;
}

function drawnHead(count: number, deviation: number, [seed, name]: readonly [number, string]): Float32Array {
  const values = new Float32Array(count);
  if (deviation === 0) return values;
  const random = randomStream(seed, 'head', name);
  for (let at = 0; at < count; at++) values[at] = random.normal() * deviation;
  return values;
}

/** The dropout nodes of a network that drop anything. */
export const dropoutNodes = (network: Network): string[] =>
  network.nodes.filter((node) => node.op === 'dropout' && node.rate > 0).map(({ name }) => name);

/** The input that feeds a dropout node its seed, int32 [2]. */
export const dropoutSeedName = (node: string): string => `dropoutSeed/${node}`;

const scalarNames = ['learningRate', 'firstCorrection', 'secondCorrection'] as const;
const scalar: InputSpec = { shape: [], dtype: 'float32' };

/** The pictures and labels of a batch. */
const imageInputs = (network: Network, batchSize: number) =>
  ({
    images: { shape: [batchSize, network.inputSize, network.inputSize, 3], dtype: 'uint8' },
    labels: { shape: [batchSize], dtype: 'int32' },
  }) satisfies Record<string, InputSpec>;

/** All that a training step is fed beside its class rows. */
function trainInputs({ network, loss, training }: ProgramOptions): Record<string, InputSpec> {
  const { batchSize } = training;
  const dropoutInputs = dropoutNodes(network).map((node): [string, InputSpec] => [
    dropoutSeedName(node),
    { shape: [2], dtype: 'int32' },
  ]);
  return {
    ...Object.fromEntries(scalarNames.map((name) => [name, scalar])),
    ...(training.marginWarmupEpochs > 0 ? { marginShare: scalar } : {}),
    ...augmentationInputs(training.augmentation, batchSize),
    ...Object.fromEntries(dropoutInputs),
    ...Object.fromEntries(lossNoiseInputs(loss, batchSize)),
  };
}

/**
 * One step of training: augmentation, forward, loss, backward, clipping and optimiser, with all classes or with those
 * drawn for the step. All outputs are scalars. `gradientNorm` is that of the gradients that are clipped together, and
 * `clipped` is 1 where they were; the terms of a sum are also outputs, as `loss/<name>`. With `frozenBackbone` only the
 * embedding layer, the loss's own parameters and the running statistics change.
 */
export function trainProgram(options: ProgramOptions, { frozenBackbone = false } = {}): Program {
  const { network, loss, training } = options;
  const ofBackbone = backboneNames(network);
  const trainable = trainableNames(options).filter((name) => !(frozenBackbone && ofBackbone.has(name)));
  const clippedNames = new Set(training.gradientClip.of === 'all' ? trainable : networkNames(network));
  const { rows, inputs: rowInputs } = classRows({ ...options, embeddingSize: network.embeddingSize });
  return {
    rows,
    precision: training.precision,
    inputs: { ...imageInputs(network, training.batchSize), ...rowInputs, ...trainInputs(options) },
    run(inputs, state) {
      const { images, labels } = inputs as { images: Tensor; labels: Tensor };
      const updates = new Map<string, Tensor>();
      const measures: Record<string, Tensor> = {};

      // Augmentation
      const input = networkInput(images, inputs);

      // Forward, loss, backward. What leaves the function of the gradients is kept past its end.
      const parameters = new Map(trainable.map((name) => [name, state.get(name)!]));
      const { value, gradients } = valueAndGradients(parameters, (trained) => {
        const all = new Map([...state, ...trained]);
        const embeddings = forward(network, {
          parameters: all,
          input,
          training: true,
          onUpdate: (name, tensor) => updates.set(name, tensor),
          joinsPointwise: training.precision === 'float32', // apart they may be bfloat16
          dropoutSeed: (node) => inputs[dropoutSeedName(node)]!,
        }).get(network.output)!;
        const output = classificationLoss(loss).compute({
          plan: loss,
          embeddings,
          labels,
          parameters: all,
          training: true,
          noise: lossNoiseOf(inputs),
          marginShare: inputs['marginShare'],
        });
        for (const [name, tensor] of output.updates ?? []) updates.set(name, tf.keep(tensor));
        for (const [name, tensor] of output.parts ?? []) measures[`loss/${name}`] = tf.keep(tensor);
        for (const [name, tensor] of Object.entries(stepHealth(loss, { output, embeddings, labels })))
          measures[name] = tf.keep(tensor);
        return tf.mean(output.loss);
      });

      // Clipping and optimiser
      const { norm, clip, clipped } = clipByGlobalNorm(
        [...gradients].filter(([name]) => clippedNames.has(name)).map(([, gradient]) => gradient),
        training.gradientClip.norm,
      );
      const scalars = Object.fromEntries(scalarNames.map((name) => [name, inputs[name]!]));
      const stepped = optimizerUpdates({
        plan: training.optimizer,
        scalars,
        state,
        gradients,
        clipOf: (name) => (clippedNames.has(name) ? clip : null),
        rateFactor: (name) => (ofBackbone.has(name) ? training.backboneRate : 1),
      });
      for (const [name, tensor] of stepped) updates.set(name, tensor);
      return {
        outputs: { loss: value, gradientNorm: norm, ...(clipped ? { clipped } : {}), ...measures },
        updates,
      };
    },
  };
}

/** Embeddings, loss, and how the labels of a batch rank, with running statistics. Changes no state. */
export function inferenceProgram({ network, loss }: ProgramOptions, batchSize: number): Program {
  return {
    inputs: imageInputs(network, batchSize),
    run(inputs, state) {
      const { images, labels } = inputs as { images: Tensor; labels: Tensor };
      const embeddings = embed(network, state, networkInput(images));
      const output = classificationLoss(loss).compute({
        plan: loss,
        embeddings,
        labels,
        parameters: state,
        training: false,
        noise: new Map(),
      });
      return {
        outputs: { embeddings, loss: output.loss, ...labelRanks(output.scores, labels) },
        updates: new Map(),
      };
    },
  };
}

/** Embeddings of mirrored pictures, to be added to those of the originals. */
export function mirroredProgram({ network }: ProgramOptions, batchSize: number): Program {
  const { images } = imageInputs(network, batchSize);
  return {
    inputs: { images },
    run(inputs, state) {
      const mirrored = tf.reverse(networkInput(inputs['images']!), 2);
      return { outputs: { embeddings: embed(network, state, mirrored) }, updates: new Map() };
    },
  };
}

const embed = (network: Network, parameters: ReadonlyMap<string, Tensor>, input: Tensor): Tensor =>
  forward(network, { parameters, input, training: false }).get(network.output)!;
