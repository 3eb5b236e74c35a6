import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backboneNames, modelSchema, type BackboneName } from '../../src-shared/modelSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { forward } from '../../src-main/model/forward.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { networkShapes, parameterSpecs } from '../../src-main/model/network.ts';

const build = (backbone: BackboneName, size: number, embeddingSize = 512) =>
  buildNetwork(modelSchema.parse({ backbone, embeddingSize }), size);

for (const backbone of backboneNames) {
  test(`${backbone} is built for inputs from 32 to 224 pixels and runs at 32`, () => {
    for (const size of [32, 33, 64, 112, 160, 224]) {
      const network = build(backbone, size);
      const shapes = networkShapes(network);
      assert.deepEqual(shapes.get(network.output), [512]);
      for (const node of network.nodes) {
        if (node.op === 'add')
          assert.deepEqual(
            shapes.get(node.inputs[0] as string),
            shapes.get(node.inputs[1] as string),
            `${node.name} at ${size}`,
          );
      }
    }
    const network = build(backbone, 32, 8);
    const values = initialParameters(network, 1);
    tf.tidy(() => {
      const parameters = new Map<string, Tensor>(
        parameterSpecs(network).map(({ name, shape }) => [
          name,
          tf.tensor(values.get(name) as Float32Array, [...shape]),
        ]),
      );
      const activations = forward(network, {
        parameters,
        input: tf.randomUniform([2, 32, 32, 3], -1, 1, 'float32', 1),
        training: false,
      });
      for (const [name, shape] of networkShapes(network))
        assert.deepEqual(activations.get(name)?.shape, [2, ...shape], name);
      assert.ok((activations.get(network.output) as Tensor).dataSync().every(Number.isFinite));
    });
  });
}

// Counted in the peers' modules: torchvision and efficientnet-lite-pytorch without their classifier, insightface's
// iresnet (512-D, without the frozen scale of its last batch norm), InsightFace_Pytorch's MobileFaceNet before its
// linear layer.
const peers = {
  resnet18: 11_176_512,
  resnet50: 23_508_032,
  iresnet18: 24_025_088,
  iresnet50: 43_590_336,
  mobilefacenet: 937_344,
  'efficientnet-lite0': 3_371_008,
  'efficientnet-lite1': 4_135_680,
  'efficientnet-lite2': 4_811_072,
} as const;
for (const [backbone, expected] of Object.entries(peers) as [keyof typeof peers, number][]) {
  test(`${backbone} has as many trained parameters as its peer`, () => {
    const network = build(backbone, 112);
    const pooled = network.nodes.findIndex((node) => node.name === network.pooled);
    const behind = new Set(network.nodes.slice(pooled + 1).map((node) => node.name));
    const counted = parameterSpecs(network).filter(
      (spec) =>
        spec.trainable &&
        (backbone.startsWith('iresnet') || !behind.has(spec.name.slice(0, spec.name.lastIndexOf('.')))),
    );
    assert.equal(
      counted.reduce((sum, spec) => sum + elementCount(spec.shape), 0),
      expected,
    );
  });
}
