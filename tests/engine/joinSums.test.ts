import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinSums } from '../../src-main/engine/graph/joinSums.ts';
import type { RecordedOp } from '../../src-main/engine/graph/recording.ts';

const op = (
  name: string,
  inputs: readonly number[],
  output: number,
  shape: readonly number[] = [2, 3],
): RecordedOp => ({ name, attributes: [], inputs, outputs: [{ id: output, shape: [...shape], dtype: 1 }] });
const first = op('Relu', [1], 10);
const second = op('Relu', [2], 11);
const sum = op('Add', [10, 11], 12);
const gradient = op('ResidualBatchNormGrad', [12, 3, 4, 5], 13);
const joinedOps = (ops: readonly RecordedOp[], kept: readonly number[] = []) =>
  joinSums({ ops, constants: new Map() }, new Set(kept));

test('a sum of gradients that only a batch norm reads is left to it', () => {
  assert.deepEqual(joinedOps([first, second, sum, gradient]), [first, second, { ...gradient, inputs: [10, 11, 4, 5] }]);
});

for (const [why, ops, kept] of [
  ['another op reads it too', [first, second, sum, gradient, op('Relu', [12], 14)], []],
  ['it is kept', [first, second, sum, gradient], [12]],
  ['one of its terms is repeated', [first, op('Relu', [2], 11, [3]), sum, gradient], []],
  ['it is no sum', [first, second, op('Mul', [10, 11], 12), gradient], []],
  ['the op that reads it takes one gradient', [first, second, sum, op('ReluGrad', [12, 3], 13)], []],
] as const) {
  test(`a sum of gradients stays where ${why}`, () => assert.deepEqual(joinedOps(ops, kept), ops));
}
