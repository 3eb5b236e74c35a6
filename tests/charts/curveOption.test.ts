import assert from 'node:assert/strict';
import test from 'node:test';
import type { Curve } from '../../src-shared/answers/runAnswers.ts';
import { curveTable } from '../../src-renderer/charts/chartTable.ts';
import { curveLines, valueAt, valueRange, type CurveRun } from '../../src-renderer/charts/curveLines.ts';
import { curveOption, lineLayer } from '../../src-renderer/charts/curveOption.ts';
import { curveTooltip } from '../../src-renderer/charts/curveTooltip.ts';

const curve = (run: string, name: string, values: readonly (number | null)[]): Curve => ({
  run,
  name,
  total: values.length,
  steps: values.map((_, index) => index + 1),
  epochs: values.map(() => 1),
  times: values.map((_, index) => index * 1000),
  values: [...values],
});
const run = (id: string, arm: number, group?: string): CurveRun => ({
  id,
  name: `${id}, seed 1`,
  arm,
  stepsPerEpoch: 2,
  group,
});
const settings = { axis: 'step', smoothing: 0, logarithmic: false, withoutOutliers: false } as const;
const linesOf = (curves: readonly Curve[], runs: readonly CurveRun[], withPart = false) =>
  curveLines({
    curves,
    runs: new Map(runs.map((own) => [own.id, own])),
    settings,
    colourOf: (arm) => `#${arm}`,
    dashed: ['train/loss'],
    withPart,
  });

test('runs of one group are one line, their mean, under the name of the group', () => {
  const lines = linesOf(
    [curve('a', 'step/loss', [1, 3]), curve('b', 'step/loss', [3, 5]), curve('c', 'step/loss', [7, 7])],
    [run('a', 0, 'arcFace'), run('b', 0, 'arcFace'), run('c', 1)],
  );
  assert.deepEqual(
    lines.map(({ name, colour, smoothed }) => ({ name, colour, smoothed })),
    [
      { name: 'arcFace', colour: '#0', smoothed: [2, 4] },
      { name: 'c, seed 1', colour: '#1', smoothed: [7, 7] },
    ],
  );
});

test('labels name train and val where a chart shows both, and train is dashed', () => {
  const lines = linesOf([curve('a', 'val/loss', [1]), curve('a', 'train/loss', [2])], [run('a', 0)], true);
  assert.deepEqual(
    lines.map(({ label, dashed }) => [label, dashed]),
    [
      ['a, seed 1, val', false],
      ['a, seed 1, train', true],
    ],
  );
});

test('the tooltip shows the nearest value of each line, highest first, and escapes names', () => {
  const runs = [run('a<b>', 0), run('c', 1)];
  const lines = linesOf([curve('a<b>', 'step/loss', [1, 2, 3]), curve('c', 'step/loss', [6, 5, null])], runs);
  const html = curveTooltip(lines, 'step', { format: String, large: false })([{ axisValue: 2.2 }]);
  assert.match(html, /step 2/);
  assert.ok(html.indexOf('>5</b>') < html.indexOf('>2</b>') && html.includes('>5</b>'), html);
  assert.ok(html.includes('a&lt;b&gt;') && !html.includes('<b>, seed'), html);
  assert.equal(valueAt(lines[1]!, 3), null, 'a gap has no value');
  assert.equal(valueAt(lines[0]!, 4), null, 'nothing beyond the end of a line');
});

test('the tooltip is no higher than its chart: it shows the highest values and says how many are left', () => {
  const runs = Array.from({ length: 30 }, (_, index) => run(`r${index}`, index));
  const lines = linesOf(
    runs.map(({ id }, index) => curve(id, 'step/loss', [index])),
    runs,
  );
  for (const [large, lowest] of [
    [false, 22],
    [true, 8],
  ] as const) {
    const html = curveTooltip(lines, 'step', { format: String, large })({ axisValue: 1 });
    assert.ok(html.includes(`r${lowest},`) && !html.includes(`r${lowest - 1},`), html);
    assert.match(html, new RegExp(`and ${lowest} with lower values`));
  }
});

test('smoothed step curves have their raw values behind them, unless there are many lines', () => {
  const option = (count: number) => {
    const runs = Array.from({ length: count }, (_, index) => run(`r${index}`, index));
    const lines = curveLines({
      curves: runs.map(({ id }) => curve(id, 'step/loss', [1, 2])),
      runs: new Map(runs.map((own) => [own.id, own])),
      settings: { ...settings, smoothing: 0.6 },
      colourOf: (arm) => `#${arm}`,
      dashed: [],
      withPart: false,
    });
    return curveOption({ lines, range: null, settings: { ...settings, smoothing: 0.6 }, percent: false, large: false });
  };
  assert.deepEqual(
    option(2).series.map(({ z }) => z === lineLayer),
    [false, true, false, true, false], // the names of the arms come last
  );
  assert.equal(option(11).series.length, 11);
  assert.ok(option(11).series.every(({ silent }) => silent));
});

test('rates stay between 0 and 1, gaps and what a logarithm cannot show are not drawn', () => {
  const lines = linesOf([curve('a', 'step/loss', [0, null, 0.5])], [run('a', 0)]);
  const drawn = (changes: { percent?: boolean; logarithmic?: boolean }) =>
    curveOption({
      lines,
      range: [-0.2, 1.3],
      settings: { ...settings, logarithmic: changes.logarithmic ?? false },
      percent: changes.percent ?? false,
      large: false,
    });
  const { min, max } = drawn({ percent: true }).yAxis;
  assert.deepEqual([min, max], [0, 1]);
  assert.deepEqual([...drawn({}).series[0]!.data], [1, 0, 2, Number.NaN, 3, 0.5]);
  assert.deepEqual([...drawn({ logarithmic: true }).series[0]!.data], [1, Number.NaN, 2, Number.NaN, 3, 0.5]);
});

test('the visible values of a zoomed chart fill its height', () => {
  const lines = linesOf([curve('a', 'step/loss', [10, 2, 4, 20])], [run('a', 0)]);
  assert.equal(valueRange(lines, null, settings), null);
  const [low, high] = valueRange(lines, [2, 3], settings)!;
  assert.ok(Math.abs(low - 1.9) < 1e-9 && Math.abs(high - 4.1) < 1e-9, `${low} to ${high}`); // 5 % margin
});

test('the table has the last, lowest and highest value of each line, and says how many it leaves out', () => {
  const runs = [run('a', 0), run('b', 1), run('c', 2)];
  const lines = linesOf(
    [curve('a', 'step/loss', [3, 1, 2]), curve('b', 'step/loss', [null]), curve('c', 'step/loss', [1])],
    runs,
  );
  assert.deepEqual(curveTable(lines, String, 2).rows, [
    ['a, seed 1', '3', '2', '1', '3'],
    ['b, seed 1', '1', null, null, null],
    ['and 1 more in the enlarged chart', null, null, null, null],
  ]);
});

test('what was measured stays in sight behind a smoothed line, and the learning rate is never smoothed', () => {
  const smooth = { ...settings, smoothing: 0.9 };
  const draw = (name: string, count = 1) => {
    const runs = Array.from({ length: count }, (_, index) => run(`r${index}`, index));
    const lines = curveLines({
      curves: runs.map(({ id }) => curve(id, name, [1, 0, 1, 0])),
      runs: new Map(runs.map((own) => [own.id, own])),
      settings: smooth,
      colourOf: () => '#000',
      dashed: [],
      withPart: false,
    });
    const range = valueRange(lines, null, smooth);
    const { series } = curveOption({ lines, range, settings: smooth, percent: false, large: false });
    return { lines, pale: series.filter(({ id }) => id.startsWith('raw ')) };
  };
  for (const name of ['val/accuracy', 'step/loss']) {
    const { lines, pale } = draw(name);
    assert.deepEqual([...pale[0]!.data], [1, 1, 2, 0, 3, 1, 4, 0], `${name}: the pale line is what was measured`);
    assert.equal(valueAt(lines[0]!, 2)?.measured, 0);
    assert.ok(valueAt(lines[0]!, 2)!.smoothed > 0.3);
    assert.match(
      curveTooltip(lines, 'step', { format: String, large: false })({ axisValue: 2 }),
      />measured<.*>smoothed<.*>0<\/b><b [^>]*>0\.\d+<\/b>/,
    );
  }
  const rate = draw('step/learningRate');
  assert.deepEqual([...rate.lines[0]!.smoothed], [1, 0, 1, 0]);
  assert.equal(rate.pale.length, 0);
  assert.equal(draw('val/accuracy', 20).pale.length, 20, 'epochs are few: they stay in sight among many lines');
  assert.equal(draw('step/loss', 20).pale.length, 0);
});
