import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { modelSchema, type BackboneName } from '../../src-shared/modelSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { forward } from '../../src-main/model/forward.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { parameterSpecs } from '../../src-main/model/network.ts';
import { fromTorch, torchShape } from '../../src-main/model/weights/torchLayout.ts';
import { valueAndGradients } from '../../src-main/train/valueAndGradients.ts';

interface Reference {
  size: number;
  batch: number;
  names: string[];
  evalFeatures: number[];
  featuresPerImage: number;
  trainValue: number;
  gradientNorms: Record<string, number>;
}
const { backbones } = JSON.parse(readFileSync(new URL('torchReference.json', import.meta.url), 'utf8')) as {
  backbones: Record<BackboneName, Reference>;
};

/** r(t, i) of the reference file: a number in [-1, 1) that looks random. */
const noise = (t: number, count: number) =>
  Float64Array.from({ length: count }, (_, i) => {
    const value = 43758.5453 * Math.sin(78.233 * t + 12.9898 * i);
    return 2 * (value - Math.floor(value)) - 1;
  });

/** Offset and reach of a parameter's values. */
function rangeOf(name: string, shape: readonly number[]): readonly [number, number] {
  if (name.endsWith('running_var')) return [1, 0.3];
  if (name.endsWith('running_mean') || name.endsWith('bias')) return [0, 0.1];
  if (shape.length > 1) return [0, Math.sqrt(6 / (elementCount(shape) / (shape[0] as number)))];
  return name.includes('prelu') ? [0.25, 0.1] : [1, 0.2];
}

function valuesOf(name: string, shape: readonly number[], t: number): Float32Array {
  const [offset, reach] = rangeOf(name, shape);
  return Float32Array.from(noise(t, elementCount(shape)), (value) => offset + reach * value);
}

// torch's own float32 differs from its float64 by 0.3 % in resnet50, and Winograd's rounding is a few times as large as
// that of direct convolutions; ReLU6 has two kinks that rounding can cross.
const looser: Readonly<Record<string, number>> = { resnet50: 2e-2, 'efficientnet-lite0': 1e-2 };
for (const [backbone, reference] of Object.entries(backbones) as [BackboneName, Reference][]) {
  test(`${backbone} equals its peer in torch: features to 1e-4, gradient norms to ${looser[backbone] ?? 2e-3}`, () =>
    tf.tidy(() => {
      const { size, batch } = reference;
      const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 16 }), size);
      const nodes = reference.names.includes('fc.weight')
        ? network.nodes
        : network.nodes.slice(0, network.nodes.findIndex((node) => node.name === network.pooled) + 1);
      const compared = { ...network, nodes };
      const last = (nodes.at(-1) as (typeof nodes)[number]).name;
      const specs = parameterSpecs(compared);
      assert.deepEqual(specs.map((spec) => spec.name).sort(), [...reference.names].sort());
      const parameters = new Map<string, Tensor>(
        specs.map((spec) => {
          const values = valuesOf(spec.name, torchShape(compared, spec), reference.names.indexOf(spec.name) + 1);
          return [spec.name, tf.tensor(fromTorch(compared, spec, values), [...spec.shape])];
        }),
      );
      const input = tf.transpose(
        tf.tensor(Float32Array.from(noise(0, batch * 3 * size * size)), [batch, 3, size, size]),
        [0, 2, 3, 1],
      );

      const features = forward(compared, { parameters, input, training: false }).get(last) as Tensor;
      const actual = features.slice([0, 0], [2, Math.min(64, reference.featuresPerImage)]).dataSync();
      const largest = Math.max(...reference.evalFeatures.map(Math.abs));
      reference.evalFeatures.forEach((value, index) =>
        assert.ok(
          Math.abs(value - (actual[index] as number)) <= 1e-4 * largest,
          `feature ${index}: ${actual[index]} is not ${value}`,
        ),
      );

      const trained = new Map(
        specs.filter((spec) => spec.trainable).map((spec) => [spec.name, parameters.get(spec.name) as Tensor]),
      );
      const { value, gradients } = valueAndGradients(trained, (tensors) => {
        const output = forward(compared, {
          parameters: new Map([...parameters, ...tensors]),
          input,
          training: true,
        }).get(last) as Tensor;
        return tf.sum(tf.mul(tf.reshape(output, [-1]), tf.cos(tf.range(0, output.size))));
      });
      const tolerance = looser[backbone] ?? 2e-3;
      const greatest = Math.max(...Object.values(reference.gradientNorms));
      assert.ok(
        Math.abs((value.dataSync()[0] as number) - reference.trainValue) <= tolerance * Math.abs(reference.trainValue),
        `training value ${value.dataSync()[0]} is not ${reference.trainValue}`,
      );
      for (const [name, expected] of Object.entries(reference.gradientNorms)) {
        const norm = tf.norm(gradients.get(name) as Tensor).dataSync()[0] as number;
        // A bias that the next batch norm cancels has no gradient; float32 leaves its rounding there.
        assert.ok(
          Math.abs(norm - expected) <= tolerance * expected + 1e-5 * greatest,
          `${name}: gradient norm ${norm} is not ${expected}`,
        );
      }
    }));
}
