import { test } from 'node:test';
import assert from 'node:assert/strict';
import { compileMachine, createEagerMachine } from '../../src-main/engine/graph/compileProgram.ts';
import { tf } from '../../src-main/engine/tensorflow.ts';
import { labelRanks } from '../../src-main/train/labelRanks.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

/** Ranks and predicted classes of rows of scores, by the definition. */
function ranksOf(rows: readonly (readonly number[])[], labels: readonly number[]) {
  const ranks = rows.map((scores, row) => {
    const own = scores[labels[row]!]!;
    const rivals = scores.filter((score, index) => index !== labels[row] && !(score < own)).length;
    return rivals + (Number.isNaN(own) ? scores.length + 1 : 1);
  });
  const predicted = rows.map((scores, row) => {
    if (ranks[row] === 1) return labels[row]!;
    const others = scores.map((score, index) => (index === labels[row] || Number.isNaN(score) ? -Infinity : score));
    const best = Math.max(...others);
    // Where no other class has a score, it is the first other one.
    return best === -Infinity ? others.findIndex((_, index) => index !== labels[row]) : others.indexOf(best);
  });
  return { ranks, predicted };
}

/** The same by the engine, compiled and op by op. */
function computedRanks(rows: readonly (readonly number[])[], labels: readonly number[]) {
  const images = rows.length;
  const classes = rows[0]!.length;
  const program = {
    inputs: {
      scores: { shape: [images, classes], dtype: 'float32' },
      labels: { shape: [images], dtype: 'int32' },
    },
    run: (inputs: Readonly<Record<string, ReturnType<typeof tf.zeros>>>) => ({
      outputs: { ...labelRanks(inputs['scores']!, inputs['labels']!) },
      updates: new Map(),
    }),
  } as const;
  return [compileMachine, createEagerMachine].map((create) => {
    const machine = create({ rank: program }, new Map());
    const { ranks, predicted } = machine.step('rank', {
      scores: Float32Array.from(rows.flat()),
      labels: Int32Array.from(labels),
    });
    machine.dispose();
    return { ranks: [...ranks!], predicted: [...predicted!] };
  });
}

test('labels rank among their scores as by the definition, with ties, extremes and NaN', () => {
  const random = randomStream(1, 'ranks');
  const odd = [NaN, 0, 0, 1, -1, 1e30, -1e30];
  const rows = Array.from({ length: 200 }, (_, row) =>
    Array.from({ length: 7 }, () => (row % 2 === 0 ? Math.fround(random.normal()) : odd[random.integer(odd.length)]!)),
  );
  const labels = rows.map(() => random.integer(7));
  for (const computed of computedRanks(rows, labels)) assert.deepEqual(computed, ranksOf(rows, labels));
});

test('a tie and NaN count against the model', () => {
  const constant = Array<number>(12).fill(0);
  const wide = (...scores: number[]) => [...scores, ...Array<number>(9).fill(-2)];
  const rows = [wide(3, 1, 2), wide(2, 2, 1), wide(0.5, NaN, 0), wide(0.5, NaN, 0), constant];
  for (const { ranks, predicted } of computedRanks(rows, [0, 1, 0, 1, 3])) {
    // A constant network knows nothing: a tie must not read as 100 %.
    assert.deepEqual(ranks, [1, 2, 2, 24, 12]);
    assert.deepEqual(predicted, [0, 0, 2, 0, 0]);
  }
});

test('a rank among 400,000 classes is exact', () => {
  const classes = 400_000;
  const scores = Array.from({ length: classes }, (_, index) => (index === 5 ? 0 : (index % 2) - 0.5));
  for (const { ranks, predicted } of computedRanks([scores], [5]))
    assert.deepEqual([ranks, predicted], [[classes / 2], [1]]);
});
