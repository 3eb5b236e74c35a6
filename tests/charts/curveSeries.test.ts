import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appended, axisValues, curvesAsCsv, rangeWithoutOutliers, smoothed } from '../../src-renderer/charts/curveSeries.ts';

const curve = { run: 'r', name: 'step/loss', total: 3, steps: [10, 20, 30], epochs: [1, 1, 2], times: [1000, 2000, 4000], values: [3, null, 1] };

test('smoothing is a weighted mean of what came before, to 1e-12, and leaves gaps', () => {
  const values = [5, 1, 4, 2, 8];
  const weight = 0.7;
  const expected = values.map((_, last) => {
    const weights = values.slice(0, last + 1).map((_, index) => weight ** (last - index));
    return values.slice(0, last + 1).reduce((sum, value, index) => sum + value * weights[index]!, 0) / weights.reduce((a, b) => a + b);
  });
  smoothed(values, weight).forEach((value, index) => assert.ok(Math.abs(value! - expected[index]!) < 1e-12));
  assert.deepEqual(smoothed([1, null, 3], 0), [1, null, 3]);
  assert.equal(smoothed([1, null, 3], 0.5)[1], null);
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
  const grown = appended(curve, [{ step: 30, epoch: 2, at: 5000, value: 2 }, { step: 40, epoch: 2, at: 6000, value: 0.5 }]);
  assert.deepEqual([grown.steps, grown.values, grown.total], [[10, 20, 30, 40], [3, null, 2, 0.5], 4]);
});

test('curves become CSV with quoted names and empty gaps', () => {
  assert.equal(curvesAsCsv([curve], () => 'Arc, "m"'), `run,arm,curve,step,epoch,time,value\nr,"Arc, ""m""",step/loss,10,1,1970-01-01T00:00:01.000Z,3\nr,"Arc, ""m""",step/loss,20,1,1970-01-01T00:00:02.000Z,\nr,"Arc, ""m""",step/loss,30,2,1970-01-01T00:00:04.000Z,1\n`);
});
