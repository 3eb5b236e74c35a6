import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appended,
  axisValues,
  curvesAsCsv,
  logarithmicRange,
  nearestIndex,
  outgrown,
  rangeOf,
  rangeWithin,
  rangeWithoutOutliers,
  smoothLine,
  widened,
  withDetail,
} from '../../src-renderer/charts/curveSeries.ts';
import { averageReach, movingAverage } from '../../src-shared/maths/movingAverage.ts';

const curve = {
  run: 'r',
  name: 'step/loss',
  total: 3,
  steps: [10, 20, 30],
  epochs: [1, 1, 2],
  times: [1000, 2000, 4000],
  values: [3, null, 1],
};

test('smoothing is a weighted mean of what came before, to 1e-12, and leaves gaps', () => {
  const values = [5, 1, 4, 2, 8];
  const weight = 0.7;
  const expected = values.map((_, last) => {
    const weights = values.slice(0, last + 1).map((_, index) => weight ** (last - index));
    return (
      values.slice(0, last + 1).reduce((sum, value, index) => sum + value * weights[index]!, 0) /
      weights.reduce((a, b) => a + b)
    );
  });
  movingAverage(values, weight).forEach((value, index) => assert.ok(Math.abs(value! - expected[index]!) < 1e-12));
  assert.deepEqual(movingAverage([1, null, 3], 0), [1, null, 3]);
  assert.equal(movingAverage([1, null, 3], 0.5)[1], null);
});

test('an average goes on from what came before as if it had seen it all, to 1e-12', () => {
  const values = Array.from({ length: 6000 }, (_, index) => (index * 7919) % 1000);
  for (const weight of [0.3, 0.6, 0.99]) {
    const whole = movingAverage(values, weight);
    for (const from of [1, 40, 5000]) {
      const reached = values.slice(Math.max(0, from - averageReach(weight)), from);
      for (const before of [reached, { average: whole[from - 1]!, count: from }])
        movingAverage(values.slice(from), weight, before).forEach((value, index) =>
          assert.ok(Math.abs(value! / whole[from + index]! - 1) < 1e-12),
        );
    }
  }
});

test('a thinned curve is smoothed by its source, and goes on from there with the points that arrive', () => {
  const thinned = { ...curve, total: 30, values: [3, 2, 1], smoothed: [3, 2.5, 1.5] };
  assert.deepEqual(
    [smoothLine(thinned, 0.5), smoothLine(thinned, 0), smoothLine({ ...thinned, total: 3 }, 0.5)],
    [[3, 2.5, 1.5], [3, 2, 1], movingAverage([3, 2, 1], 0.5)],
  );
  const grown = appended(thinned, [{ step: 31, epoch: 2, at: 5000, value: 4 }], 0.5);
  assert.ok(Math.abs(grown.smoothed![3]! - (1.5 + 4) / 2) < 1e-8, String(grown.smoothed));
  assert.deepEqual(
    withDetail(thinned, {
      ...thinned,
      steps: [18, 20],
      epochs: [1, 1],
      times: [1, 2],
      values: [9, 8],
      smoothed: [7, 6],
    }).smoothed,
    [3, 7, 6, 1.5],
  );
});

test('axes are steps, parts of epochs, clock and seconds since the start', () => {
  assert.deepEqual(axisValues(curve, 'epoch', 20), [0.5, 1, 1.5]);
  assert.deepEqual(axisValues(curve, 'epoch', null), [1, 1, 2]);
  assert.deepEqual(axisValues(curve, 'relative', null), [0, 1, 3]);
});

test('outliers do not stretch the range, and few points give none', () => {
  const range = rangeWithoutOutliers([[...Array.from({ length: 1000 }, (_, index) => index / 1000), 1e6]]);
  assert.ok(range && range[0] > -0.1 && range[1] < 1.2);
  assert.equal(rangeWithoutOutliers([[1, 2, 3]]), null);
});

test('points that arrive grow a curve, and those of a step that is there take its place', () => {
  const grown = appended(curve, [
    { step: 30, epoch: 2, at: 5000, value: 2 },
    { step: 40, epoch: 2, at: 6000, value: 0.5 },
  ]);
  assert.deepEqual([grown.steps, grown.values, grown.total], [[10, 20, 30, 40], [3, null, 2, 0.5], 4]);
});

test(
  'a zoomed window is fetched in its own unit, wider than it is, and again when it is left or far ' + 'too coarse',
  () => {
    assert.deepEqual(rangeOf('step', [3.5, 9]), { by: 'step', from: 3.5, to: 9 });
    // points of steps are spread over their epoch
    assert.deepEqual(rangeOf('epoch', [1.2, 1.4]), { by: 'epoch', from: 1, to: 2 });
    assert.deepEqual(rangeOf('relative', [1.5, 2]), { by: 'elapsed', from: 1500, to: 2000 });
    assert.deepEqual(rangeOf('clock', [1e12, 2e12]), { by: 'time', from: 1e12, to: 2e12 });
    const fetched = widened([40, 60]);
    assert.deepEqual(fetched, [30, 70]);
    assert.deepEqual(
      [outgrown([35, 55], fetched), outgrown([25, 45], fetched), outgrown([50, 52], fetched)],
      [false, true, true],
    );
  },
);

test('finer points stand in the place of the coarse ones, and points that came since stay behind them', () => {
  const detail = {
    ...curve,
    total: 4,
    steps: [15, 18, 20, 22],
    epochs: [1, 1, 1, 1],
    times: [1500, 1800, 2000, 2200],
    values: [4, 5, 6, 7],
  };
  const merged = withDetail(
    {
      ...curve,
      steps: [10, 20, 30, 40],
      epochs: [1, 1, 2, 2],
      times: [1000, 2000, 4000, 5000],
      values: [3, null, 1, 2],
    },
    detail,
  );
  assert.deepEqual(
    [merged.steps, merged.values, merged.times.length, merged.total],
    [[10, 15, 18, 20, 22, 30, 40], [3, 4, 5, 6, 7, 1, 2], 7, 3],
  );
  assert.equal(withDetail(curve, undefined), curve);
  assert.deepEqual(
    withDetail(curve, { ...detail, steps: [35, 36], epochs: [2, 2], times: [1, 2], values: [8, 9] }).values,
    [3, null, 1, 8, 9],
  );
});

test('what is in sight of a zoomed chart fills its height', () => {
  const line = { x: [0, 1, 2, 3], y: [100, 2, null, 4] };
  const [low, high] = rangeWithin([line], [0.5, 3.5]) ?? [];
  assert.ok(Math.abs(low! - 1.9) < 1e-9 && Math.abs(high! - 4.1) < 1e-9);
  assert.equal(rangeWithin([line], [1.5, 2.5]), null);
});

test(
  'a logarithmic axis ends at whole decades, or at one digit where values span little, and leaves out what is ' +
    'no positive number',
  () => {
    assert.deepEqual(
      logarithmicRange(
        [
          [30, 2, null, 0],
          [3e-5, -1],
        ],
        false,
      ),
      [1e-5, 100],
    );
    assert.deepEqual(logarithmicRange([[24.5, 90, 87]], false), [20, 90]);
    assert.deepEqual(
      logarithmicRange([[...Array.from({ length: 999 }, (_, index) => 0.2 + index / 1250), 1e-30]], true),
      [0.2, 1],
    );
    assert.deepEqual(logarithmicRange([[1, 1]], false), [0.9, 1.1]);
    assert.equal(logarithmicRange([[0, null]], true), null);
  },
);

test('the point nearest to the pointer is found on either side, and at the ends', () => {
  assert.deepEqual(
    [-5, 0, 4, 6, 14.9, 15.1, 99].map((value) => nearestIndex([0, 10, 20], value)),
    [0, 0, 0, 1, 1, 2, 2],
  );
  assert.equal(nearestIndex([], 1), -1);
});

test('curves become CSV with quoted names and empty gaps', () => {
  assert.equal(
    curvesAsCsv([curve], () => 'Arc, "m"'),
    'run,arm,curve,step,epoch,time,value\nr,"Arc, ""m""",step/loss,10,1,1970-01-01T00:00:01.000Z,3\nr,"Arc, ' +
      '""m""",step/loss,20,1,1970-01-01T00:00:02.000Z,\nr,"Arc, ' +
      '""m""",step/loss,30,2,1970-01-01T00:00:04.000Z,1\n',
  );
});
