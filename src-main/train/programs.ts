import type { Plan } from '../../src-shared/experiment.ts';
import type { LossPlan } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { forward } from '../model/forward.ts';
import type { Program, StateSpec } from '../engine/graph/compileProgram.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { classificationLoss } from '../loss/classificationLosses.ts';
import { lossNoiseInputs, lossNoiseOf } from '../loss/lossNoise.ts';
import { backboneOf, networkShapes, parameterSpecs, type Network } from '../model/network.ts';
import { networkInput } from './augmentation.ts';
import { augmentationInputs } from './augmentationDraws.ts';
import { valueAndGradients } from './batchGradients.ts';
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

/** Names of all trained parameters: the backbone's and the head's. */
export function trainableNames({ network, loss, classes }: ProgramOptions): string[] {
  const head = classificationLoss(loss).head({ plan: loss, classes, embeddingSize: network.embeddingSize });
  return [
    ...parameterSpecs(network)
      .filter((spec) => spec.trainable)
      .map((spec) => spec.name),
    ...head.map((parameter) => parameter.name),
  ];
}

/** Names of the parameters that ImageNet weights give: those up to the pooled features. */
function backboneNames(network: Network): ReadonlySet<string> {
  return new Set(parameterSpecs(backboneOf(network)).map(({ name }) => name));
}

/** Shapes of what a loss learns and keeps beside the backbone, by name. */
export function headShapes({
  network,
  loss,
  classes,
}: Omit<ProgramOptions, 'training'>): Map<string, readonly number[]> {
  const options = { plan: loss, classes, embeddingSize: network.embeddingSize };
  return new Map(
    [...classificationLoss(loss).head(options), ...(classificationLoss(loss).state?.(options) ?? [])].map(
      ({ name, shape }) => [name, shape],
    ),
  );
}

/**
 * All that a step reads and writes: backbone, head, batch-norm statistics, the loss's own state and optimiser slots.
 * The head is drawn from the seed.
 */
export function initialState(
  options: ProgramOptions & { readonly backbone: ReadonlyMap<string, Float32Array>; readonly seed: number },
): Map<string, StateSpec> {
  const { network, loss, classes, training, backbone, seed } = options;
  const state = new Map<string, StateSpec>();
  for (const { name, shape } of parameterSpecs(network)) {
    const values = backbone.get(name);
    if (!values) throw new Error(`The initial weights lack ${name}.`);
    state.set(name, { shape, values });
  }
  for (const { name, shape, standardDeviation } of classificationLoss(loss).head({
    plan: loss,
    classes,
    embeddingSize: network.embeddingSize,
  })) {
    const random = randomStream(seed, 'head', name);
    state.set(name, {
      shape,
      values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
        standardDeviation === 0 ? 0 : random.normal() * standardDeviation,
      ),
    });
  }
  for (const { name, shape, initialValue } of classificationLoss(loss).state?.({
    plan: loss,
    classes,
    embeddingSize: network.embeddingSize,
  }) ?? []) {
    state.set(name, { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(initialValue) });
  }
  for (const name of trainableNames(options)) {
    const spec = state.get(name) as StateSpec;
    for (const slot of optimizerSlots(training.optimizer))
      state.set(slotName(slot, name), { shape: spec.shape, values: new Float32Array(spec.values.length) });
  }
  return state;
}

/** Dropout nodes of a network with the shape of their noise for one sample. */
export function dropoutShapes(network: Network): Map<string, readonly number[]> {
  const shapes = networkShapes(network);
  return new Map(
    network.nodes
      .filter((node) => node.op === 'dropout' && node.rate > 0)
      .map((node) => [node.name, shapes.get(node.inputs[0] as string) as readonly number[]]),
  );
}

const noiseName = (node: string) => `noise/${node}`;
const scalarNames = ['learningRate', 'firstCorrection', 'secondCorrection'] as const;

/**
 * One step of training: augmentation, forward, loss, backward, clipping and optimiser, with all classes or those that
 * are drawn for it. All outputs are scalars; a sum's terms come out one by one as `loss/<name>`. With `frozenBackbone`
 * only the embedding layer and the loss's own parameters change, besides the running statistics of batch norm.
 */
export function trainProgram(options: ProgramOptions, { frozenBackbone = false } = {}): Program {
  const { network, loss, training } = options;
  const { batchSize } = training;
  const size = network.inputSize;
  const ofBackbone = backboneNames(network);
  const trainable = trainableNames(options).filter((name) => !(frozenBackbone && ofBackbone.has(name)));
  const { rows, inputs: rowInputs } = classRows({ ...options, embeddingSize: network.embeddingSize });
  const noise = [...dropoutShapes(network)].map(
    ([node, shape]) => [noiseName(node), { shape: [batchSize, ...shape], dtype: 'float32' as const }] as const,
  );
  return {
    rows,
    inputs: {
      images: { shape: [batchSize, size, size, 3], dtype: 'uint8' },
      labels: { shape: [batchSize], dtype: 'int32' },
      ...rowInputs,
      ...Object.fromEntries(scalarNames.map((name) => [name, { shape: [], dtype: 'float32' as const }])),
      ...(training.marginWarmupEpochs > 0 ? { marginShare: { shape: [], dtype: 'float32' } } : {}),
      ...augmentationInputs(training.augmentation, batchSize),
      ...Object.fromEntries(noise),
      ...Object.fromEntries(lossNoiseInputs(loss, batchSize)),
    },
    run(inputs, state) {
      const { images, labels } = inputs as { images: Tensor; labels: Tensor };
      const input = networkInput(images, inputs);
      const updates = new Map<string, Tensor>();
      const told: Record<string, Tensor> = {};
      const parameters = new Map(trainable.map((name) => [name, state.get(name) as Tensor]));
      const { value, gradients } = valueAndGradients(parameters, (trained) => {
        const all = new Map([...state, ...trained]);
        const embeddings = forward(network, {
          parameters: all,
          input,
          training: true,
          onUpdate: (name, tensor) => updates.set(name, tensor),
          dropoutNoise: (node) => inputs[noiseName(node)] as Tensor,
        }).get(network.output) as Tensor;
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
        for (const [name, tensor] of output.parts ?? []) told[`loss/${name}`] = tf.keep(tensor);
        for (const [name, tensor] of Object.entries(stepHealth(loss, { output, embeddings, labels })))
          told[name] = tf.keep(tensor);
        return tf.mean(output.loss);
      });
      const { norm, clip } = clipByGlobalNorm(gradients, training.gradientClip);
      const scalars = Object.fromEntries(scalarNames.map((name) => [name, inputs[name] as Tensor]));
      const stepped = optimizerUpdates({
        plan: training.optimizer,
        scalars,
        state,
        gradients,
        clip,
        rateFactor: (name) => (ofBackbone.has(name) ? training.backboneRate : 1),
      });
      for (const [name, tensor] of stepped) updates.set(name, tensor);
      return { outputs: { loss: value, gradientNorm: norm, ...told }, updates };
    },
  };
}

/** Embeddings and class scores of a batch with running statistics; nothing is changed. */
export function inferenceProgram({ network, loss }: ProgramOptions, batchSize: number): Program {
  const size = network.inputSize;
  return {
    inputs: {
      images: { shape: [batchSize, size, size, 3], dtype: 'uint8' },
      labels: { shape: [batchSize], dtype: 'int32' },
    },
    run(inputs, state) {
      const { images, labels } = inputs as { images: Tensor; labels: Tensor };
      const embeddings = forward(network, { parameters: state, input: networkInput(images), training: false }).get(
        network.output,
      ) as Tensor;
      const output = classificationLoss(loss).compute({
        plan: loss,
        embeddings,
        labels,
        parameters: state,
        training: false,
        noise: new Map(),
      });
      return { outputs: { embeddings, scores: output.scores, loss: output.loss }, updates: new Map() };
    },
  };
}

/** Embeddings of mirrored pictures, for the flip-summed embedding. */
export function mirroredProgram({ network }: ProgramOptions, batchSize: number): Program {
  const size = network.inputSize;
  return {
    inputs: { images: { shape: [batchSize, size, size, 3], dtype: 'uint8' } },
    run(inputs, state) {
      const mirrored = tf.reverse(networkInput(inputs['images'] as Tensor), 2);
      return {
        outputs: {
          embeddings: forward(network, { parameters: state, input: mirrored, training: false }).get(
            network.output,
          ) as Tensor,
        },
        updates: new Map(),
      };
    },
  };
}
