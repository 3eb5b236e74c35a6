import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { fillLargeWorkspace } from './largeWorkspace.ts';
import { median, publish } from './measured.ts';

const workspace = mkdtempSync(join(tmpdir(), 'arcbench-store-'));
try {
  const timed = async <T>(work: () => T | Promise<T>) => {
    const started = performance.now();
    const result = await work();
    return { result, milliseconds: performance.now() - started };
  };
  const made = await timed(() => fillLargeWorkspace(workspace, { runs: 10_000, pointsOfCurve: 91 }));
  const { runs, points, longest, ordinary } = made.result;
  const opened = await timed(() => openWorkbench({ workspace, door: 'serve' }));
  const workbench = opened.result;
  const call = <Name extends CallName>(name: Name, input: CallInput<Name>) =>
    timed(async () => (await workbench.call(name, input)) as CallOutputs[Name]);
  const repeated = async <Name extends CallName>(name: Name, input: CallInput<Name>) => {
    const times: number[] = [];
    for (let turn = 0; turn < 5; turn++) times.push((await call(name, input)).milliseconds);
    return median(times);
  };
  const asCurve = (run: string, names: string[]) => ({ ids: [run], names, points: 1500 }); // as the screens ask
  // The first answer is what a user waits for: nothing is in memory yet.
  const page = await call('runs.list', { limit: 200 });
  const first = page.result[0];
  const curve = await call('runs.curves', asCurve(ordinary, ['val/loss']));
  const long = await call('runs.curves', asCurve(longest, ['step/loss']));
  if (
    page.result.length !== 200 ||
    curve.result[0]?.total !== 91 ||
    long.result[0]?.total !== 100_000 ||
    long.result[0]?.values.length !== 1500 ||
    !first
  )
    throw new Error('The workspace does not hold what was written.');
  const next = await call('runs.list', { limit: 500, before: { createdAt: first.createdAt, id: first.id } });
  const later = await repeated('runs.list', { limit: 200 });
  const again = await repeated('runs.curves', asCurve(longest, ['step/loss']));
  const allCurves = await call(
    'runs.curves',
    asCurve(ordinary, ['learningRate', 'train/loss', 'val/loss', 'step/loss']),
  );
  const details = await call('runs.show', { id: ordinary });
  const whole = await call('runs.list', {});
  const checked = await call('experiments.check', { yaml: 'name: another\nmodel: { backbone: iresnet50 }\n' });
  const goal = (milliseconds: number, most: number) => ({
    value: milliseconds,
    unit: 'ms',
    goal: `< ${most} ms`,
    met: milliseconds < most,
  });
  publish(
    `A workspace of ${runs} runs and ${points} points ` +
      `(${(statSync(join(workspace, 'arcbench.db')).size / 2 ** 20).toFixed(0)} MiB), through the contract's ` +
      'calls',
    [
      { name: 'first page of runs (200), first time', ...goal(page.milliseconds, 100) },
      { name: 'first page of runs again', ...goal(later, 100) },
      { name: 'curve of 91 points, first time', ...goal(curve.milliseconds, 150) },
      { name: 'curve of 100,000 points, first time', ...goal(long.milliseconds, 150) },
      { name: 'curve of 100,000 points again', ...goal(again, 150) },
      { name: 'four curves of a run', value: allCurves.milliseconds, unit: 'ms' },
      { name: 'a run with its evaluation', value: details.milliseconds, unit: 'ms' },
      { name: 'next page of runs (500)', value: next.milliseconds, unit: 'ms' },
      { name: 'all runs', value: whole.milliseconds, unit: 'ms' },
      { name: "checking an experiment's text", value: checked.milliseconds, unit: 'ms' },
      { name: 'opening the workspace, with its check', value: opened.milliseconds, unit: 'ms' },
      { name: 'making this workspace', value: made.milliseconds, unit: 'ms' },
    ],
  );
  await workbench.close();
} finally {
  rmSync(workspace, { recursive: true });
}
