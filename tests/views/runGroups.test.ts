import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSummary } from '../../src-shared/answers/runAnswers.ts';
import { differingKnobs, groupRuns, metricKinds } from '../../src-renderer/views/runs/runGroups.ts';

const run = (arm: string, seed: number, metrics: Record<string, number>, planHash = 'p'): RunSummary => ({
  id: `${planHash}${arm}${seed}`,
  experiment: 'e',
  arm,
  seed,
  planHash,
  given: null,
  data: null,
  status: 'done',
  createdAt: '',
  finishedAt: null,
  message: null,
  starred: false,
  note: '',
  epoch: 1,
  judgedEpoch: 1,
  epochs: 1,
  metrics,
  knobs: { 'loss.scale': arm, epochs: '3' },
});

test('seeds of one arm and plan are one group with mean and standard deviation', () => {
  const groups = groupRuns([
    run('a', 1, { 'test/top1': 0.5 }),
    run('b', 1, {}),
    run('a', 2, { 'test/top1': 0.7 }),
    run('a', 1, { 'test/top1': 1 }, 'q'),
  ]);
  assert.deepEqual(
    groups.map((group) => group.runs.length),
    [2, 1, 1],
  );
  const { mean, spread, count } = groups[0]!.metrics['test/top1']!;
  assert.ok(Math.abs(mean - 0.6) < 1e-12 && Math.abs(spread! - Math.SQRT2 / 10) < 1e-12 && count === 2);
  assert.equal(groups[2]!.metrics['test/top1']!.spread, null);
});

test('metrics come in one order, rates from the largest, and only knobs that differ are listed', () => {
  const names = metricKinds([
    run('a', 1, { 'TPR@FPR 0.01': 1, 'MAP@R': 1, 'TPR@FPR 0.5': 1, 'test/top1': 1, 'val/accuracy': 1, 'test/top5': 1 }),
  ]).map((kind) => kind.name);
  assert.deepEqual(names, ['test/top1', 'test/top5', 'val/accuracy', 'TPR@FPR 0.5', 'TPR@FPR 0.01', 'MAP@R']);
  assert.deepEqual(differingKnobs([run('a', 1, {}), run('b', 1, {})]), [{ knob: 'loss.scale', values: ['a', 'b'] }]);
});
