import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { alignmentUniformity } from '../../src-shared/maths/alignmentUniformity.ts';
import { retrieval } from '../../src-shared/maths/retrieval.ts';
import { silhouette } from '../../src-shared/maths/silhouette.ts';

interface Golden {
  geometry: {
    embeddings: number[][];
    labels: number[];
    retrieval: Record<string, number>;
    alignment: number;
    uniformity: number;
    silhouetteCosine: number;
  };
}
const { geometry } = JSON.parse(readFileSync(new URL('../golden/metrics.json', import.meta.url), 'utf8')) as Golden;
const units = geometry.embeddings.map((row) => row.map((value) => value / Math.hypot(...row)));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
const rows = units.map((row) => Float32Array.from(units, (other) => dot(row, other)));
// 1e-6: the cosines are float32.
const close = (actual: number | null | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-6, `${actual}, expected ${expected}`);

test("pytorch-metric-learning's precision at 1, R-precision and MAP@R", () => {
  const found = retrieval(geometry.labels);
  rows.forEach((cosines, row) => found.add(row, cosines));
  const result = found.result();
  close(result?.precisionAt1, geometry.retrieval['precision_at_1']!);
  close(result?.rPrecision, geometry.retrieval['r_precision']!);
  close(result?.meanAveragePrecisionAtR, geometry.retrieval['mean_average_precision_at_r']!);
  assert.equal(result?.queries, 60);
});

test('alignment and uniformity as their paper computes them', () => {
  const found = alignmentUniformity(geometry.labels);
  rows.forEach((cosines, row) => found.add(row, cosines));
  close(found.result().alignment, geometry.alignment);
  close(found.result().uniformity, geometry.uniformity);
});

test("scikit-learn's silhouette by cosine, from class sums alone", () => {
  const classes = Math.max(...geometry.labels) + 1;
  const sums = Array.from({ length: classes }, (_, label) =>
    units
      .filter((_, row) => geometry.labels[row] === label)
      .reduce((sum, unit) => sum.map((value, at) => value + unit[at]!), Array<number>(8).fill(0)),
  );
  const counts = Array.from({ length: classes }, (_, label) => geometry.labels.filter((own) => own === label).length);
  const found = silhouette(geometry.labels, counts);
  units.forEach((unit, row) =>
    found.add(
      row,
      Float32Array.from(sums, (sum) => dot(unit, sum)),
    ),
  );
  close(found.result(), geometry.silhouetteCosine);
});

test('a network that knows nothing finds nothing: equal cosines count against it', () => {
  const found = retrieval([0, 0, 1, 1]);
  for (let row = 0; row < 4; row++) found.add(row, new Float32Array(4).fill(1));
  assert.deepEqual(found.result(), { queries: 4, precisionAt1: 0, meanAveragePrecisionAtR: 0, rPrecision: 0 });
  const lone = retrieval([0, 1, 2]);
  lone.add(0, Float32Array.of(1, 0, 0));
  assert.equal(lone.result(), null);
});
