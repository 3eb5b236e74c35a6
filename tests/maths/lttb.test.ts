import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lttb } from '../../src-shared/maths/lttb.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

/** The algorithm as its thesis writes it down, point by point, without indexes of buckets kept. */
function literal(x: readonly number[], y: readonly number[], count: number): number[] {
  const width = (x.length - 2) / (count - 2);
  const bucketOf = (bucket: number): number[] => {
    if (bucket < 0) return [0];
    if (bucket >= count - 2) return [x.length - 1];
    return x
      .map((_, index) => index)
      .filter((index) => index >= Math.floor(bucket * width) + 1 && index < Math.floor((bucket + 1) * width) + 1);
  };
  const chosen = [0];
  for (let bucket = 0; bucket < count - 2; bucket++) {
    const next = bucketOf(bucket + 1);
    const [meanX, meanY] = [x, y].map(
      (values) => next.reduce((sum, index) => sum + values[index]!, 0) / next.length,
    ) as [number, number];
    const last = chosen.at(-1)!;
    const areaOf = (index: number) =>
      Math.abs((x[last]! - meanX) * (y[index]! - y[last]!) - (x[last]! - x[index]!) * (meanY - y[last]!)) / 2;
    chosen.push(bucketOf(bucket).reduce((best, index) => (areaOf(index) > areaOf(best) ? index : best)));
  }
  return [...chosen, x.length - 1];
}

test('a thinned line is the one that the written algorithm gives, for many lines', () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = randomStream(seed, 'line');
    const x = Array.from({ length: 60 + random.integer(200) }, (_, index) => index * 10 + random.next());
    const y = x.map(() => random.normal());
    const count = 5 + random.integer(40);
    assert.deepEqual(lttb(x, y, count), literal(x, y, count));
  }
});

test('a spike in a long flat line is kept, gaps are left out, and short lines stay whole', () => {
  const y = new Float64Array(100_000);
  y[54_321] = 9;
  const kept = lttb(Float64Array.from(y.keys()), y, 500);
  assert.equal(kept.length, 500);
  assert.ok(kept.includes(54_321) && kept[0] === 0 && kept.at(-1) === 99_999);
  assert.deepEqual(lttb([1, 2, 3], [1, Number.NaN, 3], 10), [0, 2]);
  assert.deepEqual(lttb([], [], 10), []);
});
