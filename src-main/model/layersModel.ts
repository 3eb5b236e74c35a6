import { join } from 'node:path';
import { writeSynced, writeWholeFolder } from '../files/writeWhole.ts';
import { parameterSpecs, type Network, type NetworkNode } from './network.ts';

interface Layer {
  readonly class_name: string;
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly inbound_nodes: unknown[];
}
interface LayerWeights {
  readonly parameter: string;
  readonly weight: string;
}

const inbound = (inputs: readonly string[]) => (inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])]);

/** The stock Keras layers of one node, the last of which has the node's name, and where its weights go. */
function layersOf(node: NetworkNode): { layers: Layer[]; weights: LayerWeights[] } {
  const layer = (
    class_name: string,
    config: Record<string, unknown>,
    name = node.name,
    inputs: readonly string[] = node.inputs,
  ): Layer => ({
    class_name,
    name,
    config: { name, trainable: true, dtype: 'float32', ...config },
    inbound_nodes: inbound(inputs),
  });
  const weight = (parameter: string, as: string): LayerWeights => ({
    parameter: `${node.name}.${parameter}`,
    weight: `${node.name}/${as}`,
  });
  const padded = (padding: number, rest: (inputs: readonly string[]) => Layer): Layer[] =>
    padding === 0
      ? [rest(node.inputs)]
      : [
          layer(
            'ZeroPadding2D',
            {
              padding: [
                [padding, padding],
                [padding, padding],
              ],
              data_format: 'channels_last',
            },
            `${node.name}.padding`,
          ),
          rest([`${node.name}.padding`]),
        ];
  switch (node.op) {
    case 'input':
      return {
        layers: [layer('InputLayer', { batch_input_shape: [null, ...node.shape], sparse: false })],
        weights: [],
      };
    case 'conv2d': {
      const depthwise = node.groups === 'depthwise';
      const config = {
        kernel_size: [node.kernel, node.kernel],
        strides: [node.stride, node.stride],
        padding: node.padding === 'same' ? 'same' : 'valid',
        data_format: 'channels_last',
        dilation_rate: [1, 1],
        activation: 'linear',
        use_bias: node.bias,
        ...(depthwise ? { depth_multiplier: 1 } : { filters: node.filters }),
      };
      return {
        layers: padded(node.padding === 'same' ? 0 : node.padding, (inputs) =>
          layer(depthwise ? 'DepthwiseConv2D' : 'Conv2D', config, node.name, inputs),
        ),
        weights: [
          weight('weight', depthwise ? 'depthwise_kernel' : 'kernel'),
          ...(node.bias ? [weight('bias', 'bias')] : []),
        ],
      };
    }
    case 'batchNorm':
      return {
        layers: [
          layer('BatchNormalization', {
            axis: -1,
            momentum: 1 - node.momentum,
            epsilon: node.epsilon,
            center: true,
            scale: node.scale,
          }),
        ],
        weights: [
          ...(node.scale ? [weight('weight', 'gamma')] : []),
          weight('bias', 'beta'),
          weight('running_mean', 'moving_mean'),
          weight('running_var', 'moving_variance'),
        ],
      };
    case 'relu':
      return { layers: [layer('ReLU', {})], weights: [] };
    case 'relu6':
      return { layers: [layer('ReLU', { max_value: 6 })], weights: [] };
    case 'prelu':
      return { layers: [layer('PReLU', { shared_axes: [1, 2] })], weights: [weight('weight', 'alpha')] };
    case 'maxPool':
      return {
        layers: padded(node.padding, (inputs) =>
          layer(
            'MaxPooling2D',
            {
              pool_size: [node.kernel, node.kernel],
              strides: [node.stride, node.stride],
              padding: 'valid',
              data_format: 'channels_last',
            },
            node.name,
            inputs,
          ),
        ),
        weights: [],
      };
    case 'add':
      return { layers: [layer('Add', {})], weights: [] };
    case 'flatten':
      return { layers: [layer('Flatten', {})], weights: [] };
    case 'globalAveragePool':
      return { layers: [layer('GlobalAveragePooling2D', { data_format: 'channels_last' })], weights: [] };
    case 'dense':
      return {
        layers: [layer('Dense', { units: node.units, use_bias: node.bias, activation: 'linear' })],
        weights: [weight('weight', 'kernel'), ...(node.bias ? [weight('bias', 'bias')] : [])],
      };
    case 'dropout':
      return { layers: [layer('Dropout', { rate: node.rate })], weights: [] };
  }
}

/**
 * Writes a tfjs LayersModel (model.json, weights.bin) from image [batch, size, size, 3], normalised as (x / 255 - 0.5)
 * / 0.5, to embedding [batch, embeddingSize], whole or not at all. It has stock layers only, so that tf.loadLayersModel
 * opens it.
 */
export async function writeLayersModel(
  folder: string,
  network: Network,
  parameters: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const parts = network.nodes.map((node) =>
    layersOf({ ...node, name: tensorName(node.name), inputs: node.inputs.map(tensorName) }),
  );
  const weights: { name: string; shape: number[]; dtype: 'float32' }[] = [];
  const chunks: Uint8Array[] = [];
  const shapes = new Map(parameterShapes(network).map(([name, shape]) => [tensorName(name), shape]));
  const values = new Map([...parameters].map(([name, numbers]) => [tensorName(name), numbers]));
  for (const { parameter, weight } of parts.flatMap((part) => part.weights)) {
    const numbers = values.get(parameter);
    const shape = shapes.get(parameter);
    if (!numbers || !shape) throw new Error(`The saved model lacks ${parameter}.`);
    // Keras keeps a slope for each axis that it does not share.
    weights.push({ name: weight, shape: weight.endsWith('/alpha') ? [1, 1, ...shape] : [...shape], dtype: 'float32' });
    chunks.push(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }
  const model = {
    format: 'layers-model',
    generatedBy: 'ArcBench',
    convertedBy: null,
    userDefinedMetadata: {
      backbone: network.backbone,
      inputSize: network.inputSize,
      embeddingSize: network.embeddingSize,
      input: '(x / 255 - 0.5) / 0.5, RGB',
    },
    modelTopology: {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: {
        class_name: 'Functional',
        config: {
          name: network.backbone,
          layers: parts.flatMap((part) => part.layers),
          input_layers: [['input', 0, 0]],
          output_layers: [[tensorName(network.output), 0, 0]],
        },
      },
    },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  await writeWholeFolder(folder, async (temporary) => {
    await writeSynced(join(temporary, 'weights.bin'), chunks);
    await writeSynced(join(temporary, 'model.json'), JSON.stringify(model));
  });
}

/** TensorFlow's names may not begin with an underscore. */
const tensorName = (name: string) => name.replace(/^_+/, '');

function parameterShapes(network: Network): [string, readonly number[]][] {
  return parameterSpecs(network).map(({ name, shape }) => [name, shape]);
}
