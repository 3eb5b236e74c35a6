import assert from 'node:assert/strict';
import test from 'node:test';
import { endLabelSeries, placesApart } from '../../src-renderer/charts/endLabels.ts';
import type { CurveLine } from '../../src-renderer/charts/curveLines.ts';
import { largeOption, namedOption, sharedZoom, zoomOf } from '../../src-renderer/charts/largeOption.ts';
import { tableAsCsv } from '../../src-renderer/charts/chartTable.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

const within = { height: 12, from: 0, to: 200 };

test('labels that would cover one another are moved apart, in order, and no further than needed', () => {
  assert.deepEqual(placesApart([20, 100], within), [20, 100], 'what does not touch stays');
  assert.deepEqual(placesApart([50, 50], within), [44, 56], 'both give way alike');
  assert.deepEqual(placesApart([52, 50], within), [57, 45], 'the order of the curves is kept');
  assert.deepEqual(placesApart([0, 0, 0], within), [0, 12, 24], 'and none leaves the chart');
  assert.deepEqual(placesApart([200, 199, 198], within), [200, 188, 176]);
  assert.deepEqual(placesApart([], within), []);
  assert.equal(placesApart([1, 2, 3, 4], { height: 12, from: 0, to: 20 }), null, 'too many for the height');
});

test('whatever the curves end at, no two labels overlap or change their order', () => {
  const { next: uniform } = randomStream(7, 'labels');
  for (let turn = 0; turn < 500; turn++) {
    const wanted = Array.from({ length: 1 + Math.floor(6 * uniform()) }, () => 200 * uniform() ** (1 + (turn % 4)));
    const places = placesApart(wanted, within) ?? assert.fail('they fit');
    const order = [...wanted.keys()].sort((a, b) => wanted[a]! - wanted[b]!);
    for (const [at, index] of order.entries()) {
      assert.ok(places[index]! >= within.from - 1e-9 && places[index]! <= within.to + 1e-9);
      if (at > 0) assert.ok(places[index]! - places[order[at - 1]!]! >= within.height - 1e-9, JSON.stringify(wanted));
    }
  }
});

const lineOf = (armName: string, ends: number): CurveLine => ({
  key: armName,
  curve: { run: armName, name: 'step/loss', total: 2, steps: [1, 2], epochs: [1, 1], times: [0, 1], values: [5, ends] },
  x: [1, 2],
  smoothing: 0,
  smoothed: [5, ends],
  colour: '#123',
  name: armName,
  label: armName,
  dashed: false,
  armName,
  spread: null,
});

test('the names of arms whose curves end alike are drawn one below the other', () => {
  const [series] = endLabelSeries([lineOf('ArcFace', 3), lineOf('CosFace', 3.01)], 3);
  assert.ok(series);
  const coordSys = { x: 40, y: 10, width: 300, height: 180 };
  const coord = ([x, y]: readonly [number, number]): number[] => [40 + (x - 1) * 300, 190 - 30 * y];
  const drawn = series.renderItem({ dataIndexInside: 0, coordSys }, { coord });
  const [first, second] = drawn?.children.map(({ style }) => style) ?? [];
  assert.deepEqual([first?.text, second?.text], ['ArcFace', 'CosFace']);
  assert.ok(first && second && first.y! - second.y! >= 12, 'the higher curve has the upper name');
  assert.equal(first.x, 345);
  assert.equal(endLabelSeries([lineOf('ArcFace', 3)], 3).length, 0, 'one arm needs no name');
});

test('the end of a zoomed line is found with few looks at its points', () => {
  const points = 100_000;
  const x = Array.from({ length: points }, (_, at) => at);
  const long = (name: string): CurveLine => ({
    ...lineOf(name, 1),
    x,
    smoothed: x.map((at) => (at === 500 ? null : at)),
  });
  const [series] = endLabelSeries([long('ArcFace'), long('CosFace')], 3);
  let looks = 0;
  const coord = ([at, y]: readonly [number, number]): number[] => {
    looks++;
    return [at, y / 10]; // pixels: the points from 500 on lie right of the chart, or have no value
  };
  const coordSys = { x: 0, y: 0, width: 499.5, height: 200 };
  const drawn = series?.renderItem({ dataIndexInside: 0, coordSys }, { coord });
  assert.deepEqual(
    drawn?.children.map(({ style }) => style.x),
    [499 + 5, 499 + 5],
  );
  assert.ok(looks < 60, `${looks} looks`);
});

test('what a link says of a zoom is taken where it is a part of the axis', () => {
  assert.deepEqual(zoomOf('12.5-40.0'), [12.5, 40]);
  for (const wrong of ['', '40-12', '-5-10', '10-101', 'a-b', undefined, ['1-2']]) assert.equal(zoomOf(wrong), null);
  const { grid, dataZoom } = largeOption({ grid: { bottom: 10 } }, [12.5, 40]) as {
    readonly grid: { readonly bottom: number };
    readonly dataZoom: readonly { readonly start: number; readonly end: number }[];
  };
  assert.ok(grid.bottom > 30);
  assert.deepEqual(
    dataZoom.map(({ start, end }) => [start, end]),
    [
      [12.5, 40],
      [12.5, 40],
    ],
  );
  assert.deepEqual(sharedZoom({ batch: [{ start: 10, end: 20 }] }), [10, 20]);
  assert.deepEqual(sharedZoom({ start: 10, end: 20 }), [10, 20]);
  assert.equal(sharedZoom({ start: 0, end: 100 }), null);
});

test('the lines of an enlarged chart are named above it, where nothing names them yet', () => {
  const series = [{ name: 'ArcFace, seed 1' }, { name: 'ArcFace, seed 2' }];
  const named = namedOption({ grid: { top: 14 }, series });
  assert.ok(named['legend'] !== undefined && named.grid?.top === 38);
  const own = { grid: { top: 14 }, series, legend: { show: true } };
  assert.equal(namedOption(own), own);
  for (const count of [1, 25]) {
    const option = { series: Array.from({ length: count }, (_, at) => ({ name: `run ${at}` })) };
    assert.equal(namedOption(option), option);
  }
});

test('the table of a chart is saved as CSV, and no cell of it breaks a line or starts a formula', () => {
  assert.equal(
    tableAsCsv({
      columns: ['run', 'rate'],
      rows: [
        ['a, "b"', '50 %'],
        ['c', null],
      ],
    }),
    'run,rate\n"a, ""b""",50 %\nc,\n',
  );
});
