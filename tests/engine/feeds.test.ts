import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileMachine } from '../../src-main/engine/graph/compileProgram.ts';
import type { Program } from '../../src-main/engine/graph/program.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';

const names = Array.from({ length: 300 }, (_, index) => `variable${index}`);
const arrays = (value: number) => new Map(names.map((name) => [name, new Float32Array(64).fill(value)]));
const halve: Program = {
  inputs: { factor: { shape: [], dtype: 'float32' } },
  run: (inputs, state) => ({
    outputs: { sum: tf.sum(state.get('variable0') as Tensor) },
    updates: new Map(names.map((name) => [name, tf.mul(state.get(name) as Tensor, inputs['factor'] as Tensor)])),
  }),
};
const machineOf = () =>
  compileMachine({ halve }, new Map([...arrays(1)].map(([name, values]) => [name, { shape: [64], values }])));

// Stock tfjs-node shares V8's memory with TensorFlow where it happens to be aligned: about one array in four.
test('written weights do not change with the array that they were written from', () => {
  const machine = machineOf();
  const written = arrays(2);
  machine.writeState(written);
  for (const values of written.values()) values.fill(7);
  for (const [name, values] of machine.readState()) assert.equal(values[0], 2, name);
  machine.dispose();
});

test(
  'a step does not change the arrays that the weights were written from, nor abort on the address of what it ' +
    'is fed',
  () => {
    const machine = machineOf();
    for (let round = 1; round <= 20; round++) {
      const written = arrays(round);
      machine.writeState(written);
      for (let step = 0; step < 10; step++) machine.step('halve', { factor: Float32Array.of(0.5) });
      for (const [name, values] of written) assert.equal(values[0], round, name);
    }
    machine.dispose();
  },
);
