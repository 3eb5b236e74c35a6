import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { backboneNames, modelSchema } from '../../src-shared/modelSchema.ts';
import { forward } from '../../src-main/model/forward.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { writeLayersModel } from '../../src-main/model/layersModel.ts';
import { parameterSpecs } from '../../src-main/model/network.ts';

for (const backbone of backboneNames) {
  test(`stock tf.loadLayersModel opens a saved ${backbone} and gives the same embedding to 1e-4`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'arcbench-model-'));
    try {
      const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 24, dropout: 0.3 }), 48);
      const parameters = initialParameters(network, 3);
      // Statistics away from 0 and 1, so that a swapped mean and variance shows.
      for (const [name, values] of parameters)
        if (name.includes('running'))
          values.forEach((value, index) => {
            values[index] = value + 0.1 * Math.sin(index);
          });
      await writeLayersModel(join(folder, 'model'), network, parameters);
      const input = tf.randomUniform([2, 48, 48, 3], -1, 1, 'float32', 5);
      const tensors = new Map<string, Tensor>(
        parameterSpecs(network).map(({ name, shape }) => [
          name,
          tf.tensor(parameters.get(name) as Float32Array, [...shape]),
        ]),
      );
      const expected = (
        forward(network, { parameters: tensors, input, training: false }).get(network.output) as Tensor
      ).dataSync();
      const model = await tf.loadLayersModel(`file://${join(folder, 'model', 'model.json')}`);
      const actual = (model.predict(input) as Tensor).dataSync();
      const largest = Math.max(...expected.map(Math.abs));
      expected.forEach((value, index) => assert.ok(Math.abs(value - (actual[index] as number)) <= 1e-4 * largest));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
