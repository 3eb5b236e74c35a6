import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSample, secondsLeft, type ProgressSample } from '../../src-renderer/stores/progressRate.ts';

const samplesOf = (...samples: readonly ProgressSample[]): readonly ProgressSample[] =>
  samples.reduce<readonly ProgressSample[]>(addSample, []);

test('what is left is what is undone over the rate of the last half minute', () => {
  // 10 a second, then 2 a second for more than the window: the first stretch must be forgotten
  const fast = Array.from({ length: 10 }, (_, second) => ({ stage: 'a', done: second * 10, at: second * 1000 }));
  const slow = Array.from({ length: 60 }, (_, second) => ({
    stage: 'a',
    done: 100 + second * 2,
    at: (10 + second) * 1000,
  }));
  assert.equal(secondsLeft(samplesOf(...fast), 190), 10);
  assert.equal(secondsLeft(samplesOf(...fast, ...slow), 318), 50);
});

test('another stage, or progress that goes back, starts over; one sample has no rate', () => {
  const one = samplesOf({ stage: 'a', done: 50, at: 0 }, { stage: 'b', done: 1, at: 1000 });
  assert.equal(one.length, 1);
  assert.equal(secondsLeft(one, 10), null);
  assert.equal(samplesOf({ stage: 'a', done: 50, at: 0 }, { stage: 'a', done: 2, at: 1000 }).length, 1);
  assert.equal(secondsLeft(samplesOf({ stage: 'a', done: 5, at: 0 }, { stage: 'a', done: 5, at: 1000 }), 10), null);
});

test('samples far apart still have a rate', () => {
  assert.equal(secondsLeft(samplesOf({ stage: 'a', done: 0, at: 0 }, { stage: 'a', done: 10, at: 100_000 }), 30), 200);
});
