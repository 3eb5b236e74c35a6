import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareArms, type ComparedMetric } from '../../src-shared/comparison.ts';
import type { ChartColours } from '../../src-renderer/charts/chartTheme.ts';
import { forestOption, forestRange, forestRows, forestTable } from '../../src-renderer/views/runs/forestPlot.ts';

const top1: ComparedMetric = {
  key: 'test.top1',
  title: 'test accuracy',
  unit: 'share',
  better: 'higher',
  primary: true,
};
const runsOf = (values: readonly number[]) =>
  values.map((value, index) => {
    const id = `${values.length} ${value} ${index}`;
    return { seed: index + 1, id, values: { 'test.top1': value } };
  });
const { pairs } = compareArms(
  [top1],
  [
    { name: 'a', runs: runsOf([0.5, 0.52, 0.51, 0.5, 0.53]) },
    { name: 'b', runs: runsOf([0.6, 0.63, 0.6, 0.61, 0.64]) },
    { name: 'c', runs: runsOf([0.5]) },
  ],
);
const rows = forestRows(
  pairs.map(({ arm, against: _against, ...pair }) => ({ ...pair, run: arm })),
  (run) => `arm ${run}`,
  false,
);

test('each row of a forest plot holds its mean, interval and pairs in percentage points', () => {
  const [own, alone] = rows;
  assert.deepEqual(
    [own?.label, own?.verdict, own?.pairs.map(({ seed }) => seed)],
    ['arm b: test accuracy', 'better', [1, 2, 3, 4, 5]],
  );
  assert.ok(
    own &&
      Math.abs(own.mean - 10.4) < 1e-9 &&
      own.interval &&
      own.interval.low > 9 &&
      own.interval.low < own.mean &&
      own.interval.high < 12,
  );
  assert.deepEqual([alone?.interval, alone?.p, alone?.pairs.length], [null, null, 1]);
  assert.deepEqual(
    forestTable(rows, 'share').rows.map((row) => [row[1], row[2], row[3], row[6]]),
    [
      ['arm b', 5, '+10.4', 'better'],
      ['arm c', 1, '0.0', '—'],
    ],
  );
});

test('the plot draws a point a pair, an interval where there is one, and a line at 0', () => {
  const colours = {
    ink: 'ink',
    muted: 'muted',
    line: 'line',
    strong: 'strong',
    panel: 'panel',
    accent: 'accent',
    good: 'good',
    bad: 'bad',
    warn: 'warn',
    arms: [],
  } satisfies ChartColours;
  const { series } = forestOption(rows, 'share', colours) as {
    series: readonly {
      name: string;
      data: readonly unknown[];
      markLine?: { data: unknown };
      renderItem?: (params: unknown, api: unknown) => { children: readonly unknown[] };
    }[];
  };
  const named = (name: string) => series.find((entry) => entry.name === name)!;
  assert.equal(named('pairs').data.length, 6);
  assert.deepEqual(named('mean').markLine?.data, [{ xAxis: 0 }]);
  const drawn = (place: number) =>
    named('interval').renderItem?.(
      {},
      {
        value: (dimension: number) => (named('interval').data[place] as number[])[dimension],
        coord: (at: readonly [number, number]) => at,
      },
    ).children.length;
  assert.deepEqual([drawn(0), drawn(1)], [3, 0]);
});

test('an interval of two pairs neither stretches the axis nor is drawn as certain', () => {
  const [two] = compareArms(
    [top1],
    [
      { name: 'a', runs: runsOf([0.5, 0.52]) },
      { name: 'b', runs: runsOf([0.6, 0.66]) },
    ],
  ).pairs.map(({ arm, against: _against, ...pair }) => ({ ...pair, run: arm }));
  assert.ok(two);
  const wide = forestRows([two], (run) => run, true);
  assert.ok(wide[0]?.interval && wide[0].interval.high > 30, 'the interval of two pairs is wide');
  const [low, high] = forestRange([...rows.slice(0, 1), ...wide]);
  assert.ok(low > -20 && high < 30, `${low} to ${high}`);
  assert.ok(low < 0 && high > 14, 'every pair is in sight');
});
