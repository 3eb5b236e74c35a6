import assert from 'node:assert/strict';
import test from 'node:test';
import type { Curve } from '../../src-shared/answers/runAnswers.ts';
import { curveTable } from '../../src-renderer/charts/chartTable.ts';
import { curveLines, valueRange, type CurveRun } from '../../src-renderer/charts/curveLines.ts';
import { curveOption } from '../../src-renderer/charts/curveOption.ts';
import { curveTooltip } from '../../src-renderer/charts/curveTooltip.ts';
import { bandSeries } from '../../src-renderer/charts/seedBand.ts';
import { spreadOf, type SeedsDrawn } from '../../src-renderer/charts/seedSpread.ts';
import { movingAverage } from '../../src-shared/maths/movingAverage.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

const curve = (run: string, values: readonly (number | null)[], steps = values.map((_, at) => at + 1)): Curve => ({
  run,
  name: 'val/accuracy',
  total: values.length,
  steps,
  epochs: steps,
  times: steps,
  values,
});
const runOf = (id: string): CurveRun => ({ id, name: id, arm: 0, stepsPerEpoch: 1, group: 'ArcFace' });
const base = { axis: 'step', smoothing: 0, logarithmic: false, withoutOutliers: false } as const;
const linesOf = (curves: readonly Curve[], seeds: SeedsDrawn, smoothing = 0) =>
  curveLines({
    curves,
    runs: new Map(curves.map(({ run }) => [run, runOf(run)])),
    settings: { ...base, seeds, smoothing },
    colourOf: () => '#123',
    dashed: [],
    withPart: false,
  });
const valuesOf = ({ values }: Curve) => values;

test('the mean of seeds goes through lines between points, over those that have come so far', () => {
  const first = curve('f', [0, 10, 20], [0, 10, 20]);
  const second = curve('s', [4, 9, 19], [0, 5, 15]);
  assert.deepEqual(spreadOf([first, second], 'range', valuesOf), {
    mean: [2, (10 + 14) / 2, 20],
    low: [0, 10, null],
    high: [4, 14, null],
    counts: [2, 2, 1],
  });
  assert.deepEqual(spreadOf([first, curve('s', [null, 9, null], [0, 5, 15])], 'range', valuesOf).mean, [0, 10, 20]);
  assert.deepEqual(spreadOf([second], 'range', valuesOf).mean, [4, 9, 19]);
});

test('a band goes from the lowest to the highest seed, or one deviation to both sides', () => {
  const curves = [curve('a', [1, 2]), curve('b', [2, 2]), curve('c', [6, null])];
  assert.deepEqual(spreadOf(curves, 'range', valuesOf), { mean: [3, 2], low: [1, 2], high: [6, 2], counts: [3, 2] });
  const { low, high } = spreadOf(curves, 'deviation', valuesOf);
  const deviation = Math.sqrt((4 + 1 + 9) / 2); // of a sample of three
  assert.ok(Math.abs(low[0]! - (3 - deviation)) < 1e-12 && Math.abs(high[0]! - (3 + deviation)) < 1e-12);
});

test('the tooltip and the table have mean, band and count of what was measured', () => {
  const curves = [curve('a', [0, 1]), curve('b', [0, 2]), curve('c', [0, 6])];
  const tip = (seeds: SeedsDrawn, smoothing = 0) =>
    curveTooltip(linesOf(curves, seeds, smoothing), 'step', { format: (value) => value.toFixed(2), large: false })({
      axisValue: 2,
    });
  assert.match(tip('range'), />3\.00<\/b>.*>1\.00 to 6\.00, 3 seeds</);
  assert.match(tip('deviation'), />3\.00<\/b>.*>± 2\.65, 3 seeds</);
  assert.match(tip('range', 0.5), />3\.00<\/b><b [^>]*>2\.00<\/b>.*>1\.00 to 6\.00, 3 seeds</);
  const { columns, rows } = curveTable(linesOf(curves, 'range'), String);
  assert.deepEqual([columns.at(-1), rows[0]?.at(-1)], ['seeds at the end', '1 to 6, 3 seeds']);
  const alone = curveTable(linesOf([curve('a', [0, 1])], 'range'), String);
  assert.equal(alone.columns.length, 5);
});

test('bands lie behind the lines, in sight, around the smoothed mean; a single curve has none', () => {
  const curves = [curve('a', [0, 1, 0, 1]), curve('b', [0, 9, 0, 9])];
  const lines = linesOf(curves, 'range', 0.5);
  const smooth = curves.map(({ values }) => movingAverage(values, 0.5));
  const [line] = lines;
  assert.deepEqual([line?.spread?.smoothed.low, line?.spread?.smoothed.high], smooth);
  assert.deepEqual(
    line?.smoothed,
    smooth[0]!.map((value, at) => (value! + smooth[1]![at]!) / 2),
  );
  const range = valueRange(lines, [1, 4], base)!;
  assert.ok(range[1] > Math.max(...smooth[1]!.map(Number)), 'the band is in sight');
  const { series } = curveOption({ lines, range: null, settings: base, percent: false, large: false });
  assert.deepEqual(
    series.map(({ id }) => id.split(' ')[0]),
    ['band', 'raw', 'val/accuracy'],
  );
  assert.equal(bandSeries(linesOf([curves[0]!], 'range')[0]!, { z: 1, zlevel: 0 }).length, 0);
});

test('a band has a piece for each stretch without gaps, and ends at the foot of a logarithmic chart', () => {
  const curves = [curve('a', [1, 2, null, 4, 5]), curve('b', [3, 3, 3, 3, 3])];
  const [series] = bandSeries(linesOf(curves, 'range')[0]!, { z: 1, zlevel: 0 });
  const draw = (dataIndexInside: number) =>
    series!.renderItem(
      { dataIndexInside, coordSys: { y: 10, height: 90 } },
      { coord: ([x, y]) => [x, y === 1 ? Number.NaN : -y] },
    );
  assert.equal(draw(1), undefined);
  assert.deepEqual(
    draw(0)?.children.map(({ shape }) => shape.points),
    [
      [
        [1, -3],
        [2, -3],
        [2, -2],
        [1, 100],
      ],
      [
        [4, -4],
        [5, -5],
        [5, -3],
        [4, -3],
      ],
    ],
  );
});

test('a hundred seeds of seven charts become seven lines in well under a second', () => {
  const { normal } = randomStream(1, 'seeds');
  const charts = Array.from({ length: 7 }, () =>
    Array.from({ length: 100 }, (_, seed) => curve(`s${seed}`, Array.from({ length: 200 }, normal))),
  );
  const begun = process.cpuUsage();
  const lines = charts.flatMap((curves) => linesOf(curves, 'deviation', 0.6));
  const { user, system } = process.cpuUsage(begun);
  const taken = (user + system) / 1000;
  assert.deepEqual([lines.length, lines[0]?.spread?.measured.counts[0]], [7, 100]);
  assert.ok(taken < 900, `${taken.toFixed(0)} ms`);
});
