import { MessageWriter } from '../../files/protobuf.ts';
import { parameterSpecs, type Network } from '../network.ts';
import { torchShape } from '../weights/torchLayout.ts';
import { onnxNodes, relu6Bounds, type OnnxAttribute, type OnnxNode } from './onnxNodes.ts';

// Field numbers and types are those of onnx.proto3.
const irVersion = 7; // onnxruntime 1.3 and later read it
const opset = 13;
const floatType = 1;
const attributeType = { float: 1, integer: 2, integers: 7 } as const;
/** The most that a protocol-buffer file may hold. */
const mostBytes = 2 ** 31 - 1;

export interface OnnxContent {
  readonly network: Network;
  /** Values by parameter in torch's layout, as weights.safetensors has them. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly description: string;
}

/**
 * The pieces of an ONNX file of a network: from `input`, RGB images [batch, 3, size, size] with values (x - 127.5) /
 * 127.5, to the network's output, embeddings [batch, embeddingSize] that are not normalised. Batch norms are kept, so
 * that the model can be trained on. Throws where a weight is missing or the file would pass 2 GiB.
 */
export function onnxModel({ network, weights, metadata, description }: OnnxContent): readonly Uint8Array[] {
  const model = new MessageWriter()
    .integer(1, irVersion)
    .bytes(2, 'ArcBench')
    .bytes(6, description)
    .bytes(7, graphMessage(network, weights))
    .bytes(8, new MessageWriter().bytes(1, '').integer(2, opset));
  for (const [key, value] of Object.entries(metadata))
    model.bytes(14, new MessageWriter().bytes(1, key).bytes(2, value));
  const pieces = model.pieces();
  if (pieces.reduce((sum, piece) => sum + piece.length, 0) > mostBytes)
    throw new Error(`The network ${network.backbone} has more than the 2 GiB that an ONNX file holds.`);
  return pieces;
}

function graphMessage(network: Network, weights: ReadonlyMap<string, Float32Array>): MessageWriter {
  const graph = new MessageWriter();
  onnxNodes(network).forEach((node, index) => graph.bytes(1, nodeMessage(node, index)));
  graph.bytes(2, network.backbone);
  for (const tensor of initializers(network, weights)) graph.bytes(5, tensor);
  graph.bytes(11, valueMessage('input', [3, network.inputSize, network.inputSize]));
  graph.bytes(12, valueMessage(network.output, [network.embeddingSize]));
  return graph;
}

/** insightface takes a model for one that normalises its input where early nodes are named Sub and Mul: none is. */
function nodeMessage({ op, inputs, output, attributes }: OnnxNode, index: number): MessageWriter {
  const message = new MessageWriter();
  for (const input of inputs) message.bytes(1, input);
  message.bytes(2, output).bytes(3, `${op}_${index}`).bytes(4, op);
  for (const attribute of attributes) message.bytes(5, attributeMessage(attribute));
  return message;
}

function attributeMessage(attribute: OnnxAttribute): MessageWriter {
  const message = new MessageWriter().bytes(1, attribute.name);
  if ('float' in attribute) return message.float(2, attribute.float).integer(20, attributeType.float);
  if ('integer' in attribute) return message.integer(3, attribute.integer).integer(20, attributeType.integer);
  for (const value of attribute.integers) message.integer(8, value);
  return message.integer(20, attributeType.integers);
}

/** Every weight of the network, the scales that are fixed at 1, and the bounds of ReLU6. */
function* initializers(network: Network, weights: ReadonlyMap<string, Float32Array>): Generator<MessageWriter> {
  for (const spec of parameterSpecs(network)) {
    const values = weights.get(spec.name);
    if (!values) throw new Error(`The weights lack ${spec.name}.`);
    const isSlope = network.nodes.some(({ op, name }) => op === 'prelu' && spec.name === `${name}.weight`);
    const shape = torchShape(network, spec);
    yield tensorMessage(spec.name, isSlope ? [...shape, 1, 1] : shape, values);
  }
  for (const node of network.nodes)
    if (node.op === 'batchNorm' && !node.scale) {
      const { length } = weights.get(`${node.name}.bias`)!;
      yield tensorMessage(`${node.name}.weight`, [length], new Float32Array(length).fill(1));
    }
  if (network.nodes.some(({ op }) => op === 'relu6')) {
    yield tensorMessage(relu6Bounds.lowest, [], Float32Array.of(0));
    yield tensorMessage(relu6Bounds.highest, [], Float32Array.of(6));
  }
}

function tensorMessage(name: string, shape: readonly number[], values: Float32Array): MessageWriter {
  const message = new MessageWriter();
  for (const size of shape) message.integer(1, size);
  return message
    .integer(2, floatType)
    .bytes(8, name)
    .bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** A float32 value whose first axis is the batch, of any size. */
function valueMessage(name: string, shape: readonly number[]): MessageWriter {
  const sizes = new MessageWriter().bytes(1, new MessageWriter().bytes(2, 'batch'));
  for (const size of shape) sizes.bytes(1, new MessageWriter().integer(1, size));
  const tensor = new MessageWriter().integer(1, floatType).bytes(2, sizes);
  return new MessageWriter().bytes(1, name).bytes(2, new MessageWriter().bytes(1, tensor));
}
