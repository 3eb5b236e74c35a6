import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halvingRounds } from '../../src-shared/halving.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';

const rounds = (factor: number, firstEpochs: number, candidates: number, epochs: number) =>
  halvingRounds({ factor, firstEpochs }, { candidates, epochs }).map((round) => [round.candidates, round.epochs]);

test('rounds keep one in so many, at least one, and the last has all epochs', () => {
  // Hyperband's table 1, bracket s = 4: 81 configurations with one unit each, factor 3.
  assert.deepEqual(rounds(3, 1, 81, 81), [
    [81, 1],
    [27, 3],
    [9, 9],
    [3, 27],
    [1, 81],
  ]);
  assert.deepEqual(rounds(3, 2, 8, 60), [
    [8, 2],
    [2, 6],
    [1, 60],
  ]);
  assert.deepEqual(rounds(2, 4, 20, 10), [
    [20, 4],
    [10, 8],
    [5, 10],
  ]);
  assert.deepEqual(rounds(3, 2, 1, 60), [[1, 60]]);
});

test('halving that cannot be is refused with the line', () => {
  const parse = (sweep: string) => parseExperiment(`training: { epochs: 6 }\nsweep:\n  knobs: ${sweep}\n`, 'x.yaml');
  assert.throws(
    () => parse('{ arms.ArcFace.loss.scale: [8, 16] }\n  halving: { firstEpochs: 6 }'),
    /line 4: .*shorter than the 6 epochs/,
  );
  assert.throws(() => parse('{ training.epochs: [4, 6] }\n  halving: true'), /decides the epochs itself/);
  assert.deepEqual(parse('{ arms.ArcFace.loss.scale: [8, 16] }\n  halving: true').sweep?.halving, {
    factor: 3,
    firstEpochs: 2,
  });
});
