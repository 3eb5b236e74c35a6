import type { Network, NetworkNode } from './network.ts';
import { batchNormInference, batchNormTraining } from '../engine/kernels/batchNorm.ts';
import { conv2d } from '../engine/kernels/convolution.ts';
import { depthwiseConv2d } from '../engine/kernels/depthwiseConvolution.ts';
import { dropout } from '../engine/kernels/dropout.ts';
import type { Depthwise } from '../engine/kernels/batchNormOptions.ts';
import { maxPool, type Pooling } from '../engine/kernels/maxPool.ts';
import { rectify, type Rectifier } from '../engine/kernels/rectifier.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';

export interface ForwardOptions {
  /** Batch statistics and dropout when true; running statistics when false. */
  readonly training: boolean;
  /** New running statistics by state name, training only. */
  readonly onUpdate?: (name: string, value: Tensor) => void;
  /** The seed of a dropout node's draws, int32 [2]. */
  readonly dropoutSeed?: (node: string) => Tensor;
  /** Whether 1x1 convolutions are joined with the batch norm before them; training only. */
  readonly joinsPointwise?: boolean;
}

interface JoinedBatchNorm {
  readonly norm: NetworkNode;
  readonly shortcut?: string | undefined;
  /** The node of the rectifier. */
  readonly rectifier?: NetworkNode | undefined;
  readonly pooling?: Pooling;
  /** The node of the depthwise convolution. */
  readonly depthwise?: (NetworkNode & { readonly op: 'conv2d' }) | undefined;
  /** The node of the 1x1 convolution. */
  readonly pointwise?: NetworkNode | undefined;
  readonly within: readonly string[];
}

/**
 * Batch norms that training computes together with their only readers, by the name of the last reader: a sum, a
 * rectifier or both, or a rectifier and max pooling or a depthwise or, where asked, a 1x1 convolution.
 */
function joinedBatchNorms(network: Network, joinsPointwise: boolean): Map<string, JoinedBatchNorm> {
  const byName = new Map(network.nodes.map((node) => [node.name, node]));
  const readers = new Map<string, number>([
    [network.output, 1],
    [network.pooled, 1],
  ]);
  for (const name of network.nodes.flatMap((node) => node.inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const only = (name: string | undefined, op: NetworkNode['op']) =>
    byName.get(name ?? '')?.op === op && readers.get(name ?? '') === 1 ? byName.get(name ?? '') : undefined;
  /** The batch norm among the terms of a sum, and the other term. */
  const termsOf = ({ inputs: [first, second] }: NetworkNode) => {
    const isFirst = only(first, 'batchNorm') !== undefined;
    return { norm: only(isFirst ? first : second, 'batchNorm'), shortcut: isFirst ? second : first };
  };
  const found = new Map<string, JoinedBatchNorm>();
  for (const node of network.nodes) {
    switch (node.op) {
      case 'maxPool': {
        const rectifier = only(node.inputs[0], 'relu');
        const norm = only(rectifier?.inputs[0], 'batchNorm');
        if (rectifier && norm)
          found.set(node.name, { norm, rectifier, pooling: node, within: [norm.name, rectifier.name] });
        break;
      }
      case 'conv2d': {
        const before = found.get(node.inputs[0] ?? '');
        const isPointwise = joinsPointwise && node.groups === 1 && node.kernel === 1 && node.stride === 1;
        if (node.bias || !(node.groups === 'depthwise' || isPointwise)) break;
        if (!before?.rectifier || before.rectifier.name !== node.inputs[0]) break;
        if (before.shortcut !== undefined || readers.get(before.rectifier.name) !== 1) break;
        found.delete(before.rectifier.name);
        found.set(node.name, {
          ...before,
          ...(isPointwise ? { pointwise: node } : { depthwise: node }),
          within: [...before.within, before.rectifier.name],
        });
        break;
      }
      case 'add': {
        const { norm, shortcut } = termsOf(node);
        if (norm) found.set(node.name, { norm, shortcut, within: [norm.name] });
        break;
      }
      case 'relu':
      case 'relu6':
      case 'prelu': {
        const sum = only(node.inputs[0], 'add');
        const { norm, shortcut } = sum ? termsOf(sum) : { norm: only(node.inputs[0], 'batchNorm') };
        if (norm)
          found.set(node.name, { norm, shortcut, rectifier: node, within: [norm.name, ...(sum ? [sum.name] : [])] });
        break;
      }
    }
  }
  return found;
}

/**
 * Activations of the nodes of a network for images [batch, size, size, 3], by node. In training, nodes that are
 * computed together with their reader are left out. Throws where a parameter is missing.
 */
export function forward(
  network: Network,
  options: ForwardOptions & { readonly parameters: ReadonlyMap<string, Tensor>; readonly input: Tensor },
): Map<string, Tensor> {
  const activations = new Map<string, Tensor>();
  const together = options.training
    ? joinedBatchNorms(network, options.joinsPointwise ?? false)
    : new Map<string, never>();
  const within = new Set([...together.values()].flatMap((each) => each.within));
  for (const node of network.nodes) {
    if (within.has(node.name)) continue;
    const joined = together.get(node.name);
    activations.set(
      node.name,
      joined
        ? evaluate(joined.norm, activations, {
            ...options,
            rectifier: joined.rectifier && rectifierOf(joined.rectifier, options.parameters),
            shortcut: joined.shortcut === undefined ? undefined : activations.get(joined.shortcut),
            pooling: joined.pooling,
            depthwise: joined.depthwise && {
              ...joined.depthwise,
              filter: parameterOf(joined.depthwise, options.parameters),
            },
            pointwise: joined.pointwise && parameterOf(joined.pointwise, options.parameters),
          })
        : evaluate(node, activations, options),
    );
  }
  return activations;
}

/** The rectifier of a node, with its slopes. */
function rectifierOf({ op, name }: NetworkNode, parameters: ReadonlyMap<string, Tensor>): Rectifier {
  if (op === 'relu' || op === 'relu6') return op;
  return parameterOf({ name }, parameters);
}

/** A parameter of a node, its weight where nothing else is said. */
function parameterOf(
  { name }: Pick<NetworkNode, 'name'>,
  parameters: ReadonlyMap<string, Tensor>,
  suffix = 'weight',
): Tensor {
  const tensor = parameters.get(`${name}.${suffix}`);
  if (!tensor) throw new Error(`The parameter ${name}.${suffix} is missing.`);
  return tensor;
}

function evaluate(
  node: NetworkNode,
  activations: ReadonlyMap<string, Tensor>,
  options: ForwardOptions & {
    parameters: ReadonlyMap<string, Tensor>;
    input: Tensor;
    rectifier?: Rectifier | undefined;
    shortcut?: Tensor | undefined;
    pooling?: Pooling | undefined;
    depthwise?: Depthwise | undefined;
    pointwise?: Tensor | undefined;
  },
): Tensor {
  const operand = (index = 0): Tensor => {
    const tensor = activations.get(node.inputs[index] ?? '');
    if (!tensor)
      throw new Error(
        `The node ${node.name} reads ${node.inputs[index] ?? 'nothing'}, which comes later or not at all.`,
      );
    return tensor;
  };
  const parameter = (suffix: string): Tensor => parameterOf(node, options.parameters, suffix);
  switch (node.op) {
    case 'input':
      return options.input;
    case 'conv2d': {
      const convolve = node.groups === 'depthwise' ? depthwiseConv2d : conv2d;
      const result = convolve(operand(), parameter('weight'), { stride: node.stride, padding: node.padding });
      return node.bias ? tf.add(result, parameter('bias')) : result;
    }
    case 'batchNorm': {
      const input = operand();
      const channels = input.shape[input.shape.length - 1] as number;
      const flat = input.rank === 2;
      const image = flat ? tf.reshape(input, [-1, 1, 1, channels]) : input;
      const state = {
        scale: node.scale ? parameter('weight') : tf.ones([channels]),
        offset: parameter('bias'),
        mean: parameter('running_mean'),
        variance: parameter('running_var'),
      };
      const result = options.training
        ? batchNormTraining(image, state, {
            epsilon: node.epsilon,
            momentum: node.momentum,
            rectifier: options.rectifier,
            shortcut: options.shortcut,
            pooling: options.pooling,
            depthwise: options.depthwise,
            pointwise: options.pointwise,
            onStatistics: (mean, variance) => {
              options.onUpdate?.(`${node.name}.running_mean`, tf.keep(mean));
              options.onUpdate?.(`${node.name}.running_var`, tf.keep(variance));
            },
          })
        : batchNormInference(image, state, node.epsilon);
      return flat ? tf.reshape(result, [-1, channels]) : result;
    }
    case 'relu':
    case 'relu6':
    case 'prelu':
      return rectify(operand(), rectifierOf(node, options.parameters));
    case 'maxPool':
      return maxPool(operand(), node);
    case 'add':
      return tf.add(operand(0), operand(1));
    case 'flatten':
      return tf.reshape(operand(), [operand().shape[0] as number, -1]);
    case 'globalAveragePool':
      return tf.mean(operand(), [1, 2]);
    case 'dense': {
      const result = tf.matMul(operand(), parameter('weight'));
      return node.bias ? tf.add(result, parameter('bias')) : result;
    }
    case 'dropout': {
      if (!options.training || node.rate === 0) return operand();
      const seed = options.dropoutSeed?.(node.name);
      if (!seed) throw new Error(`The dropout node ${node.name} has no seed.`);
      return dropout(operand(), seed, node.rate);
    }
  }
}
