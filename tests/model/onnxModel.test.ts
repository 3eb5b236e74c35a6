import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as onnxruntime from 'onnxruntime-node';
import { backboneNames, modelSchema } from '../../src-shared/modelSchema.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { forward } from '../../src-main/model/forward.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { parameterSpecs, type Network } from '../../src-main/model/network.ts';
import { onnxModel } from '../../src-main/model/onnx/onnxModel.ts';
import { toTorch } from '../../src-main/model/weights/torchLayout.ts';

/** Initial weights, with statistics, offsets and slopes away from their start, so that a swapped pair shows. */
function unevenParameters(network: Network): Map<string, Float32Array> {
  const parameters = initialParameters(network, 3);
  for (const [name, values] of parameters)
    if (!name.endsWith('.weight') || values.length < 3000)
      values.forEach((value, index) => {
        values[index] = value + 0.1 * Math.sin(index + name.length);
      });
  return parameters;
}

function ownEmbeddings(network: Network, parameters: ReadonlyMap<string, Float32Array>, input: Tensor): Float32Array {
  const tensors = new Map<string, Tensor>(
    parameterSpecs(network).map(({ name, shape }) => [
      name,
      tf.tensor(parameters.get(name) as Float32Array, [...shape]),
    ]),
  );
  const activations = forward(network, { parameters: tensors, input, training: false });
  return (activations.get(network.output) as Tensor).dataSync() as Float32Array;
}

async function theirEmbeddings(network: Network, parameters: ReadonlyMap<string, Float32Array>, input: Tensor) {
  const weights = new Map(
    parameterSpecs(network).map((spec) => [spec.name, toTorch(network, spec, parameters.get(spec.name)!)]),
  );
  const bytes = Buffer.concat(onnxModel({ network, weights, metadata: { color: 'RGB' }, description: 'a test' }));
  const session = await onnxruntime.InferenceSession.create(bytes);
  const channelsFirst = tf.transpose(input, [0, 3, 1, 2]);
  const tensor = new onnxruntime.Tensor('float32', channelsFirst.dataSync() as Float32Array, channelsFirst.shape);
  const output = (await session.run({ input: tensor }))[network.output]!;
  await session.release();
  return output;
}

for (const backbone of backboneNames)
  for (const inputSize of backbone === 'efficientnet-lite0' ? [49, 64] : [48])
    // an odd size: 'same' pads unevenly
    test(`onnxruntime gives the embeddings of ${backbone} at ${inputSize} pixels to 1e-4`, async () => {
      const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 24, dropout: 0.3 }), inputSize);
      const parameters = unevenParameters(network);
      for (const batch of [1, 3]) {
        const input = tf.randomUniform([batch, inputSize, inputSize, 3], -1, 1, 'float32', 5);
        const expected = ownEmbeddings(network, parameters, input);
        const actual = await theirEmbeddings(network, parameters, input);
        assert.deepEqual(actual.dims, [batch, 24]);
        const largest = Math.max(...expected.map(Math.abs));
        const spread = Math.max(...expected) - Math.min(...expected);
        assert.ok(spread > 0.1, `the embeddings differ from each other by ${spread}`);
        expected.forEach((value, index) =>
          assert.ok(Math.abs(value - (actual.data[index] as number)) <= 1e-4 * largest, `entry ${index}`),
        );
      }
    });
