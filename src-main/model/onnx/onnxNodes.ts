import { networkShapes, type Network, type NetworkNode } from '../network.ts';

/** A value of a node's attribute: a whole number, whole numbers, or a number. */
export type OnnxAttribute =
  | { readonly name: string; readonly integer: number }
  | { readonly name: string; readonly integers: readonly number[] }
  | { readonly name: string; readonly float: number };

export interface OnnxNode {
  readonly op: string;
  /** Names of values: of nodes, or of weights. */
  readonly inputs: readonly string[];
  /** The name of the value that it gives. */
  readonly output: string;
  readonly attributes: readonly OnnxAttribute[];
}

/** Values that a node compares with, which are no weights of the network. */
export const relu6Bounds = { lowest: 'relu6.lowest', highest: 'relu6.highest' } as const;

/** The nodes of a network in NCHW, in the order of the network. Dropout does nothing after training and is left out. */
export function onnxNodes(network: Network): OnnxNode[] {
  const shapes = networkShapes(network);
  const passedOn = new Map<string, string>(); // a left-out node stands for its input
  const source = (name: string): string => passedOn.get(name) ?? name;
  const nodes: OnnxNode[] = [];
  for (const node of network.nodes) {
    if (node.op === 'input') continue;
    const inputs = node.inputs.map(source);
    if (node.op === 'dropout') {
      passedOn.set(node.name, inputs[0]!);
      continue;
    }
    const [height = 1, width = 1, channels = 1] = shapes.get(node.inputs[0] ?? '') ?? [];
    nodes.push({ ...translated({ ...node, inputs }, { height, width, channels }), output: node.name });
  }
  return nodes;
}

interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}
type Translated = Omit<OnnxNode, 'output'>;
type TranslatedNode = Exclude<NetworkNode, { op: 'input' | 'dropout' }>;

/** One node as ONNX has it (opset 13). */
function translated(node: TranslatedNode, shape: ImageShape): Translated {
  const weight = (suffix: string) => `${node.name}.${suffix}`;
  const withWeights = (...suffixes: string[]) => [...node.inputs, ...suffixes.map(weight)];
  const plain = (op: string): Translated => ({ op, inputs: node.inputs, attributes: [] });
  switch (node.op) {
    case 'conv2d':
      return {
        op: 'Conv',
        inputs: withWeights('weight', ...(node.bias ? ['bias'] : [])),
        attributes: [
          ...windowOf(node, shape),
          { name: 'group', integer: node.groups === 'depthwise' ? shape.channels : 1 },
        ],
      };
    case 'batchNorm':
      return {
        op: 'BatchNormalization',
        inputs: withWeights('weight', 'bias', 'running_mean', 'running_var'),
        attributes: [{ name: 'epsilon', float: node.epsilon }],
      };
    case 'relu':
      return plain('Relu');
    case 'relu6':
      return { op: 'Clip', inputs: [...node.inputs, relu6Bounds.lowest, relu6Bounds.highest], attributes: [] };
    case 'prelu':
      return { op: 'PRelu', inputs: withWeights('weight'), attributes: [] };
    case 'maxPool':
      return { op: 'MaxPool', inputs: node.inputs, attributes: windowOf(node, shape) };
    case 'add':
      return plain('Add');
    case 'flatten':
      return { op: 'Flatten', inputs: node.inputs, attributes: [{ name: 'axis', integer: 1 }] };
    case 'globalAveragePool':
      return { op: 'ReduceMean', inputs: node.inputs, attributes: [axes(2, 3), { name: 'keepdims', integer: 0 }] };
    case 'dense':
      return {
        op: 'Gemm',
        inputs: withWeights('weight', ...(node.bias ? ['bias'] : [])),
        attributes: [{ name: 'transB', integer: 1 }],
      };
  }
}

const axes = (...integers: number[]): OnnxAttribute => ({ name: 'axes', integers });

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number | 'same';
}

/**
 * Kernel, strides and pads of a window. TensorFlow's 'same' puts the odd row at the bottom and the odd column at the
 * right, so pads are written out.
 */
function windowOf({ kernel, stride, padding }: Window, { height, width }: ImageShape): OnnxAttribute[] {
  const [top, bottom] = padsOf(height, { kernel, stride, padding });
  const [left, right] = padsOf(width, { kernel, stride, padding });
  return [
    { name: 'kernel_shape', integers: [kernel, kernel] },
    { name: 'strides', integers: [stride, stride] },
    { name: 'pads', integers: [top, left, bottom, right] },
  ];
}

function padsOf(size: number, { kernel, stride, padding }: Window): readonly [number, number] {
  if (padding !== 'same') return [padding, padding];
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}
