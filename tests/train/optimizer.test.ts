import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { optimizerSchema, scheduleSchema } from '../../src-shared/trainingSchema.ts';
import { compileMachine } from '../../src-main/engine/graph/compileProgram.ts';
import type { Program } from '../../src-main/engine/graph/program.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { clipByGlobalNorm, optimizerScalars, optimizerUpdates } from '../../src-main/train/optimizer.ts';
import { slotName } from '../../src-main/train/optimizerSlots.ts';
import { optimizerSlots } from '../../src-main/train/optimizerSlots.ts';
import { learningRateAt } from '../../src-main/train/schedule.ts';

interface Golden {
  start: number[];
  gradients: number[][];
  cases: { optimizer: string; source: string; params: Record<string, number | boolean>; steps: number[][] }[];
}
const golden = JSON.parse(readFileSync(new URL('../golden/optimizers.json', import.meta.url), 'utf8')) as Golden;

for (const { optimizer, source, params, steps } of golden.cases) {
  test(`${optimizer} ${JSON.stringify(params)} walks as ${source} to 1e-5`, () => {
    const { learningRate, ...rest } = params;
    const plan = optimizerSchema.parse({ name: optimizer, ...rest });
    const state = new Map<string, Tensor>([['w', tf.tensor1d(golden.start)]]);
    for (const slot of optimizerSlots(plan)) state.set(slotName(slot, 'w'), tf.zeros([golden.start.length]));
    steps.forEach((expected, index) => {
      const scalars = Object.fromEntries(
        Object.entries(optimizerScalars(plan, index + 1, learningRate as number)).map(([name, value]) => [
          name,
          tf.scalar(value[0] as number),
        ]),
      );
      for (const [name, tensor] of optimizerUpdates({
        plan,
        scalars,
        state,
        gradients: new Map([['w', tf.tensor1d(golden.gradients[index] as number[])]]),
      }))
        state.set(name, tensor);
      const actual = (state.get('w') as Tensor).dataSync();
      expected.forEach((value, position) =>
        assert.ok(
          Math.abs(value - (actual[position] as number)) < 1e-5,
          `step ${index}: ${actual[position]} is not ${value}`,
        ),
      );
    });
  });
}

test('clipping by the global norm scales all gradients by one factor and leaves small ones alone', () => {
  const gradients = new Map<string, Tensor>([
    ['a', tf.tensor1d([3, 0])],
    ['b', tf.tensor1d([0, 4])],
  ]);
  const { norm, clip } = clipByGlobalNorm(gradients.values(), 1);
  assert.ok(Math.abs((norm.dataSync()[0] as number) - 5) < 1e-5);
  assert.ok(Math.abs(((clip as Tensor).dataSync()[0] as number) - 0.2) < 1e-5);
  assert.equal((clipByGlobalNorm(gradients.values(), 10).clip as Tensor).dataSync()[0], 1);
  assert.equal(clipByGlobalNorm(gradients.values(), 0).clip, null);
});

for (const name of ['sgd', 'adam']) {
  test(`${name} with a clip of 0.5 steps as with half the gradient, to 1e-6`, () => {
    const count = 100_003; // more than a task takes, and no multiple of a register
    const values = (factor: number) =>
      tf.tensor1d(Float32Array.from({ length: count }, (_, index) => factor * Math.sin(index)));
    const plan = optimizerSchema.parse({ name, weightDecay: 0.01 });
    const state = new Map([
      ['w', values(2)],
      ...optimizerSlots(plan).map((slot) => [slotName(slot, 'w'), tf.abs(values(3))] as const),
    ]);
    const scalars = Object.fromEntries(
      Object.entries(optimizerScalars(plan, 3, 0.1)).map(([key, value]) => [key, tf.scalar(value[0] as number)]),
    );
    const [clipped, halved] = [
      { gradients: new Map([['w', values(1)]]), clipOf: () => tf.scalar(0.5) },
      { gradients: new Map([['w', values(0.5)]]) },
    ].map((given) => optimizerUpdates({ plan, scalars, state, ...given }));
    for (const [key, tensor] of halved as Map<string, Tensor>) {
      const difference = tf
        .max(tf.abs(tf.sub(tensor, (clipped as Map<string, Tensor>).get(key) as Tensor)))
        .dataSync()[0] as number;
      assert.ok(difference < 1e-6, `${key}: ${difference}`);
      assert.notEqual(tensor.dataSync()[count - 1], (state.get(key) as Tensor).dataSync()[count - 1]);
    }
  });
}

const shapesOf = { 'conv.weight': [3, 3, 2, 4], 'norm.scale': [7], 'norm.offset': [7], 'head.weight': [2 ** 20 + 3] };
for (const given of [
  { name: 'sgd', momentum: 0 },
  { name: 'sgd' },
  { name: 'sgd', nesterov: true },
  { name: 'adam' },
  { name: 'adamw' },
])
  test(`parameters that are joined walk as each alone, to 1e-7: ${JSON.stringify(given)}`, () => {
    const plan = optimizerSchema.parse({ weightDecay: 0.01, ...given });
    const names = Object.keys(shapesOf) as (keyof typeof shapesOf)[];
    const numbers = (shape: readonly number[], seed: number) =>
      Float32Array.from({ length: elementCount(shape) }, (_, at) => Math.abs(Math.sin(at * seed + seed)));
    const state = new Map(
      names.flatMap((name, at) =>
        [name, ...optimizerSlots(plan).map((slot) => slotName(slot, name))].map((key, part) => [
          key,
          { shape: shapesOf[name], values: numbers(shapesOf[name], 1 + at + part / 8) },
        ]),
      ),
    );
    const scalars = optimizerScalars(plan, 3, 0.1);
    // One machine joins, another does not; both are compiled.
    const program = (together: boolean): Program => ({
      inputs: Object.fromEntries(Object.keys(scalars).map((name) => [name, { shape: [], dtype: 'float32' }])),
      run(inputs, now) {
        const clip = tf.mul(inputs['learningRate']!, 5);
        const updates = optimizerUpdates({
          plan,
          scalars: inputs,
          state: now,
          gradients: new Map(names.map((name) => [name, tf.sin(tf.mul(now.get(name)!, 9))])),
          clipOf: (name) => (name.startsWith('norm') ? null : clip),
          rateFactor: (name) => (name === 'norm.offset' ? 0.5 : 1),
          together,
        });
        return { outputs: { done: clip }, updates };
      },
    });
    const [joined, alone] = [true, false].map((together) => {
      const machine = compileMachine({ step: program(together) }, state);
      for (let step = 0; step < 2; step++) machine.step('step', scalars);
      const after = machine.readState();
      machine.dispose();
      return after;
    }) as [Map<string, Float32Array>, Map<string, Float32Array>];
    assert.deepEqual([...joined.keys()], [...alone.keys()]);
    for (const [name, values] of alone) {
      assert.notDeepEqual(values, state.get(name)!.values, `${name} moves`);
      const others = joined.get(name)!;
      const most = values.reduce((worst, value, at) => Math.max(worst, Math.abs(value - others[at]!)), 0);
      assert.ok(most <= 1e-7, `${name}: ${most}`);
    }
  });

test('schedules start, bend and end where their formula says', () => {
  const at = (plan: object, step: number) =>
    learningRateAt(scheduleSchema.parse(plan), 0.1, { step, stepsPerEpoch: 10, epochs: 10 });
  assert.equal(at({ name: 'constant' }, 99), 0.1);
  assert.ok(Math.abs(at({ name: 'cosine' }, 50) - 0.05) < 1e-12);
  assert.ok(Math.abs(at({ name: 'polynomial', power: 2 }, 50) - 0.025) < 1e-12);
  assert.ok(Math.abs(at({ name: 'step', stepEpochs: [3, 6] }, 65) - 0.001) < 1e-12);
  assert.ok(at({ name: 'polynomial', warmupEpochs: 1 }, 0) < 0.01);
  assert.ok(at({ name: 'polynomial', warmupEpochs: 1 }, 10) === 0.1);
});
