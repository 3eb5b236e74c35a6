import type { BackboneName } from '../../src-shared/experiment.ts';

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
 * Shape of each node's values without the batch: [height, width, channels] or [units]. Throws where a node does not fit
 * its input.
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
        shapes.set(node.name, [input.reduce((a, b) => a * b, 1)]);
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

/** Every parameter of a network in the order of its nodes. */
export function parameterSpecs(network: Network): ParameterSpec[] {
  const shapes = networkShapes(network);
  const specs: ParameterSpec[] = [];
  for (const node of network.nodes) {
    const input = shapes.get(node.inputs[0] ?? '') ?? [];
    const channels = input.at(-1) ?? 1;
    const add = (suffix: string, shape: readonly number[], initial: Initial, trainable = true) =>
      specs.push({ name: `${node.name}.${suffix}`, shape, trainable, initial });
    switch (node.op) {
      case 'conv2d': {
        const depthwise = node.groups === 'depthwise';
        const fanIn = node.kernel ** 2 * (depthwise ? 1 : channels);
        const fanOut = node.kernel ** 2 * (depthwise ? 1 : node.filters);
        const fan = node.initial === 'heFanOut' ? fanOut : node.initial === 'heFanIn' ? fanIn : fanIn + fanOut;
        const standardDeviation =
          typeof node.initial === 'object' ? node.initial.standardDeviation : Math.sqrt(2 / fan);
        add(
          'weight',
          depthwise ? [node.kernel, node.kernel, channels, 1] : [node.kernel, node.kernel, channels, node.filters],
          { kind: 'normal', standardDeviation },
        );
        if (node.bias) add('bias', [depthwise ? channels : node.filters], { kind: 'constant', value: 0 });
        break;
      }
      case 'batchNorm':
        if (node.scale) add('weight', [channels], { kind: 'constant', value: 1 });
        add('bias', [channels], { kind: 'constant', value: 0 });
        add('running_mean', [channels], { kind: 'constant', value: 0 }, false);
        add('running_var', [channels], { kind: 'constant', value: 1 }, false);
        break;
      case 'prelu':
        add('weight', [channels], { kind: 'constant', value: 0.25 });
        break;
      case 'dense':
        add('weight', [channels, node.units], { kind: 'uniform', limit: 1 / Math.sqrt(channels) });
        if (node.bias) add('bias', [node.units], { kind: 'uniform', limit: 1 / Math.sqrt(channels) });
        break;
      case 'input':
      case 'relu':
      case 'relu6':
      case 'flatten':
      case 'globalAveragePool':
      case 'maxPool':
      case 'add':
      case 'dropout':
        break;
    }
  }
  return specs;
}
