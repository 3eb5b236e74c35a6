import assert from 'node:assert/strict';
import { modelSchema, type BackboneName } from '../../src-shared/modelSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { batchNormTraining } from '../../src-main/engine/kernels/batchNorm.ts';
import type { BatchNormTrainingOptions } from '../../src-main/engine/kernels/batchNormOptions.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { forward } from '../../src-main/model/forward.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { parameterSpecs } from '../../src-main/model/network.ts';

/** Normal numbers of a seed. */
export function normal(shape: readonly number[], seed: number, { mean = 0 } = {}): Tensor {
  const random = randomStream(seed, 'normalisedConvolution');
  return tf.tensor(
    Float32Array.from({ length: elementCount(shape) }, () => mean + random.normal()),
    [...shape],
  );
}
const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** A convolution behind batch norm and a rectifier. */
export interface NormalisedCase {
  readonly images: readonly [number, number, number, number];
  readonly filter: readonly number[];
  readonly rectifier: 'relu' | 'relu6' | 'prelu' | 'none';
  readonly convolvedBy: (filter: Tensor) => Pick<BatchNormTrainingOptions, 'depthwise' | 'pointwise'>;
}

/** Computes them, with TensorFlow's ops where `direct`. */
export function normalisedStep({ images, filter: filterShape, rectifier, convolvedBy }: NormalisedCase) {
  const channels = images[3];
  const state = { mean: normal([channels], 6), variance: tf.abs(normal([channels], 7)) };
  const operands = [
    normal(images, 1, { mean: 0.5 }),
    normal([channels], 2, { mean: 3 }), // some values are above 6
    normal([channels], 3),
    normal([channels], 4),
    normal(filterShape, 5),
  ] as const;
  const statistics: Tensor[] = [];
  const compute =
    (direct: boolean) =>
    (x: Tensor, scale: Tensor, offset: Tensor, slope: Tensor, filter: Tensor): Tensor => {
      const named = rectifier === 'none' ? undefined : rectifier;
      const value = batchNormTraining(
        x,
        { ...state, scale, offset },
        {
          epsilon: 1e-5,
          momentum: 0.1,
          rectifier: named === 'prelu' ? slope : named,
          ...convolvedBy(filter),
          direct,
          onStatistics: (...each) => statistics.push(...each.map((tensor) => tf.keep(tensor))),
        },
      );
      return rectifier === 'prelu' ? value : tf.add(value, tf.mul(tf.sum(slope), 0)); // tf.grads wants each to be read
    };
  /** The value, the running statistics and the gradients by all operands. */
  const run = (direct: boolean): Float32Array[] => {
    statistics.length = 0;
    const value = compute(direct)(...operands);
    const seen = statistics.slice(0, 2);
    const gradients = tf.grads(compute(direct))([...operands], normal(value.shape, 8));
    return [value, ...seen, ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
  };
  return { run, value: () => compute(false)(...operands) };
}

/** Our op gives the same bits twice, and equals TensorFlow's ops to 1e-4: value, statistics and gradients. */
export function assertEqualsTensorFlow(each: NormalisedCase): void {
  const { run } = normalisedStep(each);
  const own = run(false);
  assert.deepEqual(run(false), own);
  const direct = run(true);
  assert.notDeepEqual(direct, own); // the same bits would mean that the addon has no such op
  direct.forEach((expected, index) => {
    const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
    assert.equal(own[index]?.length, expected.length);
    assert.ok(difference <= 1e-4 * length(expected), `result ${index}: ${difference / length(expected)}`);
  });
}

/** A small network of a backbone, and which nodes a training step keeps. */
export function trainedNetwork(backbone: BackboneName) {
  const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 16 }), 32);
  const parameters = new Map(
    [...initialParameters(network, 1)].map(([name, values]) => {
      const { shape } = parameterSpecs(network).find((spec) => spec.name === name)!;
      return [name, tf.tensor(values, [...shape])] as const;
    }),
  );
  const input = normal([2, 32, 32, 3], 1);
  return {
    network,
    kept: (joinsPointwise = false) => forward(network, { parameters, input, training: true, joinsPointwise }),
  };
}
