import type { BackboneName } from '../../src-shared/modelSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';

interface NodeBase {
  readonly name: string;
  readonly inputs: readonly string[];
}
/** One node of a network, NHWC. */
export type NetworkNode = NodeBase &
  (
    | { readonly op: 'input'; readonly shape: readonly [number, number, number] }
    | {
        readonly op: 'conv2d';
        readonly filters: number;
        readonly kernel: number;
        readonly stride: number;
        readonly padding: number | 'same';
        readonly groups: 1 | 'depthwise';
        readonly bias: boolean;
        readonly initial: 'heFanOut' | 'heFanIn' | 'xavier' | { readonly standardDeviation: number };
      }
    | { readonly op: 'batchNorm'; readonly epsilon: number; readonly momentum: number; readonly scale: boolean }
    | { readonly op: 'relu' | 'relu6' | 'prelu' | 'flatten' | 'globalAveragePool' }
    | { readonly op: 'maxPool'; readonly kernel: number; readonly stride: number; readonly padding: number }
    | { readonly op: 'add' }
    | { readonly op: 'dense'; readonly units: number; readonly bias: boolean }
    | { readonly op: 'dropout'; readonly rate: number }
  );

/** A backbone from image to embedding: architecture as data. */
export interface Network {
  readonly backbone: BackboneName;
  readonly inputSize: number;
  readonly embeddingSize: number;
  readonly nodes: readonly NetworkNode[];
  /** The node whose values are the pooled features, before the embedding head. */
  readonly pooled: string;
  readonly output: string;
}

/** The part of a network that ImageNet weights give: from the input to the pooled features. */
export function backboneOf(network: Network): Network {
  const last = network.nodes.findIndex((node) => node.name === network.pooled);
  return { ...network, nodes: network.nodes.slice(0, last + 1) };
}

export type Initial =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly standardDeviation: number }
  | { readonly kind: 'uniform'; readonly limit: number };

export interface ParameterSpec {
  /** `<node>.weight`, `.bias`, `.running_mean` or `.running_var`; torchvision's names where it has the backbone. */
  readonly name: string;
  /** TensorFlow's layout: convolution [k, k, in, out], depthwise [k, k, channels, 1], dense [in, out]. */
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly initial: Initial;
}

/**
 * The shape of each node's values without the batch: [height, width, channels] or [units]. Throws where a node does not
 * fit its input.
 */
export function networkShapes(network: Network): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const node of network.nodes) {
    const input = shapes.get(node.inputs[0] ?? '') ?? [];
    const [height = 1, width = 1, channels = 1] = input;
    switch (node.op) {
      case 'input':
        shapes.set(node.name, node.shape);
        break;
      case 'conv2d':
      case 'maxPool': {
        const side = (size: number) =>
          node.padding === 'same'
            ? Math.ceil(size / node.stride)
            : Math.floor((size + 2 * node.padding - node.kernel) / node.stride) + 1;
        const shape = [
          side(height),
          side(width),
          node.op === 'maxPool' || node.groups === 'depthwise' ? channels : node.filters,
        ];
        if (Math.min(...shape) < 1) throw new Error(`The node ${node.name} has nothing left of its input.`);
        shapes.set(node.name, shape);
        break;
      }
      case 'flatten':
        shapes.set(node.name, [elementCount(input)]);
        break;
      case 'globalAveragePool':
        shapes.set(node.name, [channels]);
        break;
      case 'dense':
        shapes.set(node.name, [node.units]);
        break;
      case 'batchNorm':
      case 'relu':
      case 'relu6':
      case 'prelu':
      case 'add':
      case 'dropout':
        shapes.set(node.name, input);
        break;
    }
  }
  return shapes;
}

type OwnParameter = Omit<ParameterSpec, 'name'> & { readonly suffix: string };

/** Every parameter of a network in the order of its nodes. */
export function parameterSpecs(network: Network): ParameterSpec[] {
  const shapes = networkShapes(network);
  return network.nodes.flatMap((node) => {
    const input = shapes.get(node.inputs[0] ?? '') ?? [];
    return parametersOf(node, input.at(-1) ?? 1).map(({ suffix, ...spec }) => ({
      name: `${node.name}.${suffix}`,
      ...spec,
    }));
  });
}

/** The parameters of one node, whose input has `channels`. */
function parametersOf(node: NetworkNode, channels: number): OwnParameter[] {
  switch (node.op) {
    case 'conv2d': {
      const isDepthwise = node.groups === 'depthwise';
      const outputs = isDepthwise ? channels : node.filters;
      const shape = [node.kernel, node.kernel, channels, isDepthwise ? 1 : node.filters];
      const standardDeviation = convolutionDeviation(node, channels);
      const weight = trained('weight', shape, { kind: 'normal', standardDeviation });
      return node.bias ? [weight, trained('bias', [outputs], constant(0))] : [weight];
    }
    case 'batchNorm':
      return [
        ...(node.scale ? [trained('weight', [channels], constant(1))] : []),
        trained('bias', [channels], constant(0)),
        { ...trained('running_mean', [channels], constant(0)), trainable: false },
        { ...trained('running_var', [channels], constant(1)), trainable: false },
      ];
    case 'prelu':
      return [trained('weight', [channels], constant(0.25))];
    case 'dense': {
      const initial: Initial = { kind: 'uniform', limit: 1 / Math.sqrt(channels) };
      const weight = trained('weight', [channels, node.units], initial);
      return node.bias ? [weight, trained('bias', [node.units], initial)] : [weight];
    }
    case 'input':
    case 'relu':
    case 'relu6':
    case 'flatten':
    case 'globalAveragePool':
    case 'maxPool':
    case 'add':
    case 'dropout':
      return [];
  }
}

const constant = (value: number): Initial => ({ kind: 'constant', value });

const trained = (suffix: string, shape: readonly number[], initial: Initial): OwnParameter => ({
  suffix,
  shape,
  trainable: true,
  initial,
});

/** Standard deviation of a convolution's initial weights (He: arXiv 1502.01852; Xavier: Glorot and Bengio 2010). */
function convolutionDeviation(node: Extract<NetworkNode, { op: 'conv2d' }>, channels: number): number {
  const isDepthwise = node.groups === 'depthwise';
  const fanIn = node.kernel ** 2 * (isDepthwise ? 1 : channels);
  const fanOut = node.kernel ** 2 * (isDepthwise ? 1 : node.filters);
  switch (node.initial) {
    case 'heFanOut':
      return Math.sqrt(2 / fanOut);
    case 'heFanIn':
      return Math.sqrt(2 / fanIn);
    case 'xavier':
      return Math.sqrt(2 / (fanIn + fanOut));
    default:
      return node.initial.standardDeviation;
  }
}
