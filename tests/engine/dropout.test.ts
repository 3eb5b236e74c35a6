import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileMachine, createEagerMachine } from '../../src-main/engine/graph/compileProgram.ts';
import type { Program } from '../../src-main/engine/graph/program.ts';
import { dropout } from '../../src-main/engine/kernels/dropout.ts';
import { tf } from '../../src-main/engine/tensorflow.ts';

const count = 100_000;
const rate = 0.3;
const program: Program = {
  inputs: { x: { shape: [count], dtype: 'float32' }, seed: { shape: [2], dtype: 'int32' } },
  run({ x, seed }) {
    const gradient = tf.grad((values) => tf.sum(tf.mul(dropout(values, seed!, rate), 2)))(x!);
    return { outputs: { dropped: dropout(x!, seed!, rate), gradient }, updates: new Map() };
  },
};
const x = Float32Array.from({ length: count }, (_, index) => 1 + (index % 7));

for (const create of [createEagerMachine, compileMachine]) {
  test(`${create.name}: dropout drops its share, scales the rest, and its gradient has the same draws`, () => {
    const machine = create({ program }, new Map());
    const { dropped, gradient } = machine.step('program', { x, seed: Int32Array.of(5, 6) });
    machine.dispose();
    const zeros = dropped!.filter((value) => value === 0).length;
    // five standard deviations of a binomial count
    assert.ok(Math.abs(zeros - rate * count) < 5 * Math.sqrt(count * rate * (1 - rate)), `${zeros} of ${count}`);
    dropped!.forEach((value, index) => {
      const kept = value !== 0;
      assert.ok(Math.abs(value - (kept ? x[index]! / (1 - rate) : 0)) < 1e-5, `${index}: ${value}`);
      assert.ok(Math.abs(gradient![index]! - (kept ? 2 / (1 - rate) : 0)) < 1e-5, `${index}: ${gradient![index]}`);
    });
  });
}

test('draws depend only on the seed: the same bits from another machine, others from another seed', () => {
  const [eager, compiled] = [createEagerMachine, compileMachine].map((create) => {
    const machine = create({ program }, new Map());
    const draws = [1, 2, 1].map((step) => machine.step('program', { x, seed: Int32Array.of(9, step) })['dropped']!);
    machine.dispose();
    return draws;
  });
  assert.deepEqual(eager, compiled);
  assert.deepEqual(eager![2], eager![0]);
  assert.notDeepEqual(eager![1], eager![0]);
});
