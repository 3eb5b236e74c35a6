import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { batchNormTraining } from '../../src-main/engine/kernels/batchNorm.ts';
import { prelu } from '../../src-main/engine/kernels/rectifier.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';

const normal = (shape: readonly number[], seed: number, { mean = 0, deviation = 1 } = {}): Tensor => {
  const random = randomStream(seed, 'batchNorm');
  return tf.tensor(
    Float32Array.from({ length: elementCount(shape) }, () => mean + deviation * random.normal()),
    [...shape],
  );
};
const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

// One task, several; a mean far from zero, where sums of squares would cancel.
for (const { shape, mean } of [
  { shape: [3, 5, 5, 48], mean: 0 },
  { shape: [16, 28, 28, 64], mean: 0.5 },
  { shape: [64, 1, 1, 512], mean: 100 },
]) {
  for (const rectified of [false, true]) {
    for (const residual of [false, true]) {
      test(
        `batch norm of [${shape}] about ` +
          `${mean}${residual ? ' with a shortcut' : ''}${rectified ? ', rectified,' : ''} equals TensorFlow's to ` +
          '1e-4: value, statistics and gradients, with the same bits twice',
        () => {
          const channels = shape[3] as number;
          const input = normal(shape, 1, { mean });
          const side = normal(shape, 2);
          const upstream = normal(shape, 3);
          const state = {
            scale: normal([channels], 4),
            offset: normal([channels], 5),
            mean: normal([channels], 6),
            variance: tf.abs(normal([channels], 7)),
          };
          const run = (direct: boolean) => {
            const statisticsSeen: Tensor[] = [];
            const compute = (x: Tensor, scale: Tensor, offset: Tensor, shortcut: Tensor) =>
              batchNormTraining(
                x,
                { ...state, scale, offset },
                {
                  epsilon: 1e-5,
                  momentum: 0.1,
                  rectifier: rectified ? 'relu' : undefined,
                  direct,
                  shortcut: residual ? shortcut : undefined,
                  onStatistics: (...statistics) => statisticsSeen.push(...statistics.map((each) => tf.keep(each))),
                },
              );
            const operands = [input, state.scale, state.offset, side];
            const value = compute(...(operands as [Tensor, Tensor, Tensor, Tensor]));
            const gradients = residual
              ? tf.grads(compute)(operands, upstream)
              : tf.grads((x: Tensor, scale: Tensor, offset: Tensor) => compute(x, scale, offset, side))(
                  operands.slice(0, 3),
                  upstream,
                );
            return [value, ...statisticsSeen, ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
          };
          const own = run(false);
          const again = run(false);
          const direct = run(true);
          assert.deepEqual(again, own);
          assert.notDeepEqual(direct, own); // the same bits would mean that the addon has no batch norm of its own
          assert.equal(own.length, direct.length);
          direct.forEach((expected, index) => {
            const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
            assert.ok(difference < 1e-4 * length(expected), `result ${index}: ${difference / length(expected)}`);
          });
        },
      );
    }
  }
}

// Whole registers; two rows taken as one; eight.
for (const shape of [
  [3, 5, 5, 48],
  [16, 28, 28, 64],
  [4, 6, 6, 24],
  [8, 4, 4, 10],
]) {
  for (const kind of ['relu6', 'prelu', 'plain'] as const) {
    test(
      `batch norm of [${shape}] with ${kind === 'plain' ? 'no rectifier' : kind} equals TensorFlow's to 1e-4: value ` +
        'and gradients, with the same bits twice',
      () => {
        const channels = shape[3] as number;
        const state = {
          scale: normal([channels], 4, { mean: 3 }), // some values are above 6
          offset: normal([channels], 5),
          mean: normal([channels], 6),
          variance: tf.abs(normal([channels], 7)),
        };
        const operands = [normal(shape, 1, { mean: 0.5 }), state.scale, state.offset, normal([channels], 8)];
        const run = (direct: boolean) => {
          const compute = (x: Tensor, scale: Tensor, offset: Tensor, slope: Tensor) => {
            const rectifier = kind === 'prelu' ? slope : kind;
            const value = batchNormTraining(
              x,
              { ...state, scale, offset },
              {
                epsilon: 1e-5,
                momentum: 0.1,
                rectifier: rectifier === 'plain' ? undefined : rectifier,
                direct,
                onStatistics: () => undefined,
              },
            );
            return kind === 'prelu' ? value : tf.add(value, tf.mul(slope, 0)); // tf.grads wants each to be read
          };
          const value = compute(...(operands as [Tensor, Tensor, Tensor, Tensor]));
          return [value, ...tf.grads(compute)(operands, normal(shape, 3))].map(
            (tensor) => tensor.dataSync() as Float32Array,
          );
        };
        const own = run(false);
        assert.deepEqual(run(false), own);
        const direct = run(true);
        assert.notDeepEqual(direct, own);
        direct.forEach((expected, index) => {
          const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
          assert.ok(difference <= 1e-4 * length(expected), `result ${index}: ${difference / length(expected)}`);
        });
      },
    );
  }
}

// GCC made code number by number of two joined comparisons, and ReLU6 took three times as long.
test('batch norm with a rectifier takes less than twice as long as without one, forward and back', () => {
  const channels = 96;
  const shape = [16, 28, 28, channels];
  const state = {
    scale: normal([channels], 4),
    offset: normal([channels], 5),
    mean: normal([channels], 6),
    variance: tf.abs(normal([channels], 7)),
  };
  const input = normal(shape, 1);
  const upstream = normal(shape, 3);
  const rectifiers = { plain: undefined, relu: 'relu', relu6: 'relu6', prelu: normal([channels], 8) } as const;
  const kinds = Object.keys(rectifiers) as (keyof typeof rectifiers)[];
  const once = (kind: keyof typeof rectifiers): number => {
    const options = { epsilon: 1e-5, momentum: 0.1, rectifier: rectifiers[kind], onStatistics: () => undefined };
    const before = process.cpuUsage();
    tf.tidy(() => {
      tf.grad((x: Tensor) => batchNormTraining(x, state, options))(input, upstream).dataSync();
    });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const best = Object.fromEntries(kinds.map((kind) => [kind, Infinity])) as Record<keyof typeof rectifiers, number>;
  const quick = (kind: keyof typeof rectifiers) => best[kind] < 2 * best.plain;
  // Other programs slow a round down, so a slow one is tried again.
  for (let round = 0; round < 12 || (round < 100 && !kinds.every(quick)); round++)
    for (const kind of kinds) best[kind] = Math.min(best[kind], once(kind));
  for (const kind of kinds) assert.ok(quick(kind), `${kind} took ${best[kind]} ms, none ${best.plain} ms`);
});

for (const direct of [false, true]) {
  test(`PReLU ${direct ? "by TensorFlow's ops" : 'in one pass'} equals tfjs's to 1e-5, value and gradients`, () => {
    for (const shape of [
      [2, 7, 9, 32],
      [4, 3, 2, 12],
      [3, 5],
    ]) {
      const operands = [normal(shape, 1), normal([shape.at(-1)!], 2)];
      const [own, expected] = [(x: Tensor, slope: Tensor) => prelu(x, slope, { direct }), tf.prelu].map((compute) =>
        [compute(operands[0]!, operands[1]!), ...tf.grads(compute)(operands, normal(shape, 3))].map(
          (tensor) => tensor.dataSync() as Float32Array,
        ),
      ) as [Float32Array[], Float32Array[]];
      expected.forEach((values, index) => {
        const difference = length(values.map((value, position) => value - (own[index]?.[position] as number)));
        assert.ok(difference <= 1e-5 * length(values), `[${shape}], result ${index}: ${difference / length(values)}`);
      });
    }
  });
}

// A ResNet's stem; windows that do not overlap, that leave pixels out, larger ones than are unrolled; values in steps,
// of which the largest in a window are often equal; no multiple of 16 channels.
for (const { shape, kernel, stride, padding, step = 0 } of [
  { shape: [4, 56, 56, 64], kernel: 3, stride: 2, padding: 1 },
  { shape: [2, 13, 10, 48], kernel: 3, stride: 2, padding: 1, step: 0.5 },
  { shape: [3, 9, 12, 32], kernel: 2, stride: 2, padding: 0 },
  { shape: [2, 11, 11, 16], kernel: 2, stride: 3, padding: 1 },
  { shape: [1, 12, 9, 16], kernel: 5, stride: 1, padding: 2 },
  { shape: [2, 8, 8, 20], kernel: 3, stride: 2, padding: 1 },
]) {
  test(
    `batch norm of [${shape}], rectified and max-pooled by ${kernel} with stride ` +
      `${stride}${step > 0 ? ', of equal values,' : ''} equals TensorFlow's ops to 1e-4: value, statistics and ` +
      'gradients, with the same bits twice',
    () => {
      const channels = shape[3] as number;
      const drawn = normal(shape, 1, { mean: 0.5 });
      const input = step > 0 ? tf.mul(tf.round(tf.div(drawn, step)), step) : drawn;
      const state = {
        scale: normal([channels], 4),
        offset: normal([channels], 5),
        mean: normal([channels], 6),
        variance: tf.abs(normal([channels], 7)),
      };
      const run = (direct: boolean) => {
        const statisticsSeen: Tensor[] = [];
        const compute = (x: Tensor, scale: Tensor, offset: Tensor) =>
          batchNormTraining(
            x,
            { ...state, scale, offset },
            {
              epsilon: 1e-5,
              momentum: 0.1,
              rectifier: 'relu',
              pooling: { kernel, stride, padding },
              direct,
              onStatistics: (...statistics) => statisticsSeen.push(...statistics.map((each) => tf.keep(each))),
            },
          );
        const value = compute(input, state.scale, state.offset);
        return [
          value,
          ...statisticsSeen,
          ...tf.grads(compute)([input, state.scale, state.offset], normal(value.shape, 3)),
        ].map((tensor) => tensor.dataSync() as Float32Array);
      };
      const own = run(false);
      const again = run(false);
      const direct = run(true);
      assert.deepEqual(again, own);
      // the same bits would mean that the addon has no pooling of its own
      if (channels % 16 === 0) assert.notDeepEqual(direct, own);
      assert.equal(own.length, direct.length);
      direct.forEach((expected, index) => {
        const difference = length(expected.map((value, position) => value - (own[index]?.[position] as number)));
        assert.ok(difference < 1e-4 * length(expected), `result ${index}: ${difference / length(expected)}`);
      });
    },
  );
}

for (const pooling of [undefined, { kernel: 3, stride: 2, padding: 1 }]) {
  test(
    `a number that is none goes through a rectifier${pooling ? ' and max pooling' : ''} and back, so that ` +
      'training sees it, and stays in its channel',
    () => {
      const values = normal([2, 8, 8, 16], 1).dataSync() as Float32Array;
      values[16 * 20 + 3] = Number.NaN;
      const state = {
        scale: normal([16], 2),
        offset: normal([16], 3),
        mean: normal([16], 4),
        variance: tf.abs(normal([16], 5)),
      };
      const compute = (x: Tensor) =>
        batchNormTraining(x, state, {
          epsilon: 1e-5,
          momentum: 0.1,
          rectifier: 'relu',
          pooling,
          onStatistics: () => undefined,
        });
      const input = tf.tensor(values, [2, 8, 8, 16]);
      for (const result of [compute(input), tf.grad(compute)(input)])
        (result.dataSync() as Float32Array).forEach((value, index) =>
          assert.equal(Number.isNaN(value), index % 16 === 3, `${index}: ${value}`),
        );
    },
  );
}
