import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { principalComponents } from '../../src-shared/maths/principalComponents.ts';
import { procrustes } from '../../src-shared/maths/procrustes.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { symmetricEigen } from '../../src-shared/maths/symmetricEigen.ts';
import { nearestNeighbours } from '../../src-main/evaluate/projection/nearestNeighbours.ts';
import { projectEmbeddings, projectionMethods } from '../../src-main/evaluate/projection/projectEmbeddings.ts';

interface Golden {
  geometry: { embeddings: number[][]; pcaExplainedVarianceRatio: number[]; pcaAbsoluteScores: number[][] };
}
const { geometry } = JSON.parse(readFileSync(new URL('../golden/metrics.json', import.meta.url), 'utf8')) as Golden;

test("scikit-learn's principal components of the unit embeddings, up to their sign", () => {
  const units = geometry.embeddings.flatMap((row) => row.map((value) => value / Math.hypot(...row)));
  const { scores, explained } = principalComponents(Float32Array.from(units), 8, { components: 3, seed: 1 });
  geometry.pcaExplainedVarianceRatio.forEach((share, axis) =>
    assert.ok(Math.abs(explained[axis]! - share) < 1e-6, `${explained[axis]}`),
  );
  geometry.pcaAbsoluteScores.forEach((row, point) =>
    row.forEach((value, axis) =>
      assert.ok(Math.abs(Math.abs(scores[point * 3 + axis]!) - value) < 1e-5, `${point} ${axis}`),
    ),
  ); // float32
});

test('in many numbers the axes are those of the planted spread, whatever the seed', () => {
  const count = 300;
  const size = 200;
  const random = randomStream(1, 'planted');
  // Spread 10 along number 7, 5 along number 90, 1 elsewhere.
  const rows = Float32Array.from(
    { length: count * size },
    (_, at) => random.normal() * ({ 7: 10, 90: 5 }[at % size] ?? 1) + 3,
  );
  const [first, second] = [1, 2].map((seed) => principalComponents(rows, size, { components: 2, seed }));
  assert.ok(first && second);
  first.scores.forEach((value, at) => assert.ok(Math.abs(value - second.scores[at]!) < 1e-3));
  const correlation = (axis: number, number: number) => {
    const x = Array.from({ length: count }, (_, row) => first.scores[row * 2 + axis]!);
    const y = Array.from({ length: count }, (_, row) => rows[row * size + number]! - 3);
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  };
  assert.ok(Math.abs(correlation(0, 7)) > 0.98 && Math.abs(correlation(1, 90)) > 0.95);
});

test('eigenvectors satisfy their equation', () => {
  const random = randomStream(2, 'symmetric');
  const n = 6;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = random.normal();
  const { values, vectors } = symmetricEigen(matrix, n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      const image = Array.from({ length: n }, (_, j) => matrix[i * n + j]! * vectors[k * n + j]!).reduce(
        (sum, value) => sum + value,
        0,
      );
      assert.ok(Math.abs(image - values[k]! * vectors[k * n + i]!) < 1e-12);
    }
    if (k > 0) assert.ok(values[k]! <= values[k - 1]!);
  }
});

test('a turned, mirrored, scaled and shifted cloud is laid back onto itself, a flat or lone one too', () => {
  const random = randomStream(3, 'cloud');
  for (const dimensions of [2, 3]) {
    const cloud = Float32Array.from({ length: 40 * dimensions }, () => random.normal());
    const moved = cloud.map((_, at) => {
      const point = Math.floor(at / dimensions);
      const axis = at % dimensions;
      const x = cloud[point * dimensions]!;
      const y = -cloud[point * dimensions + 1]!; // mirrored
      return (
        3 *
          [x * Math.cos(1) - y * Math.sin(1), x * Math.sin(1) + y * Math.cos(1), cloud[point * dimensions + 2]!][
            axis
          ]! +
        5
      );
    });
    const { aligned, distance } = procrustes(cloud, moved, dimensions);
    assert.ok(distance < 1e-10, `${distance}`);
    aligned.forEach((value, at) => assert.ok(Math.abs(value - cloud[at]!) < 1e-5));
    const noisy = moved.map((value) => value + 0.3 * random.normal());
    const worse = procrustes(cloud, noisy, dimensions).distance;
    assert.ok(worse > 1e-3 && worse < 0.05, `${worse}`);
  }
  const line = Float32Array.of(0, 0, 0, 1, 0, 0, 2, 0, 0);
  const upright = Float32Array.of(0, 0, 0, 0, 0, 2, 0, 0, 4);
  assert.ok(procrustes(line, upright, 3).distance < 1e-10);
  assert.deepEqual([...procrustes(line, new Float32Array(9).fill(7), 3).aligned], [1, 0, 0, 1, 0, 0, 1, 0, 0]);
});

const people = 5;
const images = 12;
const size = 64;
const random = randomStream(4, 'people');
const centres = Array.from({ length: people }, () => Array.from({ length: size }, random.normal));
const embeddings = Float32Array.from(
  Array.from({ length: people * images }, (_, row) =>
    centres[Math.floor(row / images)]!.map((value) => value + 0.2 * random.normal()),
  ).flat(),
);

for (const method of projectionMethods) {
  test(`${method} keeps people together in 2 and 3 dimensions, reports progress and repeats itself`, async () => {
    for (const dimensions of [2, 3] as const) {
      const shares: number[] = [];
      const coordinates = await projectEmbeddings(embeddings, size, {
        method,
        dimensions,
        seed: 7,
        neighbours: 8,
        onProgress: (share) => shares.push(share),
      });
      assert.equal(coordinates.length, people * images * dimensions);
      assert.ok(coordinates.every(Number.isFinite));
      const at = (row: number) => coordinates.subarray(row * dimensions, (row + 1) * dimensions);
      const distance = (a: number, b: number) => Math.hypot(...at(a).map((value, axis) => value - at(b)[axis]!));
      const rows = Array.from({ length: people * images }, (_, row) => row);
      const right = rows.filter((row) => {
        const nearest = rows
          .filter((other) => other !== row)
          .reduce((best, other) => (distance(row, other) < distance(row, best) ? other : best));
        return Math.floor(nearest / images) === Math.floor(row / images);
      }).length;
      assert.ok(right / rows.length > 0.9, `${right} of ${rows.length}`);
      if (method !== 'pca')
        assert.ok(
          shares.length > 10 &&
            shares.at(-1) === 1 &&
            shares.every((share, index) => index === 0 || share > shares[index - 1]!),
          String(shares),
        );
      if (dimensions === 2)
        assert.deepEqual(
          await projectEmbeddings(embeddings, size, { method, dimensions, seed: 7, neighbours: 8 }),
          coordinates,
        );
    }
  });
}

test('a projection is cancelled at once, and too few or too many points are refused', async () => {
  const stopper = new AbortController();
  const started = performance.now();
  const running = projectEmbeddings(Float32Array.from({ length: 20_000 * 64 }, random.normal), 64, {
    method: 'tsne',
    dimensions: 2,
    seed: 1,
    signal: stopper.signal,
  });
  setTimeout(() => stopper.abort(), 300);
  await assert.rejects(running, /was stopped/);
  assert.ok(performance.now() - started < 15_000);
  await assert.rejects(
    projectEmbeddings(embeddings, size, { method: 'pca', dimensions: 2, seed: 1, signal: stopper.signal }),
    /was stopped/,
  );
  await assert.rejects(
    projectEmbeddings(new Float32Array(3 * 64), 64, { method: 'pca', dimensions: 2, seed: 1 }),
    /at least 4 points of 64 numbers/,
  );
  await assert.rejects(
    projectEmbeddings(new Float32Array(20_001 * 4), 4, { method: 'umap', dimensions: 2, seed: 1 }),
    /at most 20000 points, but got 20001/,
  );
});

/**
 * Kullback-Leibler divergence of a layout from its rows, by all pairs and in full: the independent check of a method
 * that looks at neighbours and cells alone.
 */
function divergence(rows: readonly (readonly number[])[], layout: Float32Array, perplexity: number): number {
  const points = rows.length;
  const dimensions = layout.length / rows.length;
  const conditional = rows.map((row, point) => {
    const squared = rows.map((other) => row.reduce((sum, value, at) => sum + (value - other[at]!) ** 2, 0));
    let low = 1e-9;
    let high = 1e9;
    let weights = [] as number[];
    for (let step = 0; step < 200; step++) {
      // bisection of the logarithm
      const precision = Math.sqrt(low * high);
      const raw = squared.map((value, other) => (other === point ? 0 : Math.exp(-value * precision)));
      const sum = raw.reduce((total, value) => total + value, 0);
      weights = raw.map((value) => value / (sum || 1));
      const entropy = -weights.reduce((total, value) => total + (value > 0 ? value * Math.log(value) : 0), 0);
      if (sum > 0 && entropy > Math.log(perplexity)) low = precision;
      else high = precision;
    }
    return weights;
  });
  const near = (a: number, b: number) =>
    1 /
    (1 +
      Array.from(
        { length: dimensions },
        (_, axis) => (layout[a * dimensions + axis]! - layout[b * dimensions + axis]!) ** 2,
      ).reduce((sum, value) => sum + value, 0));
  let total = 0;
  let result = 0;
  for (let a = 0; a < points; a++) for (let b = 0; b < points; b++) if (a !== b) total += near(a, b);
  for (let a = 0; a < points; a++)
    for (let b = 0; b < points; b++) {
      const joint = (conditional[a]![b]! + conditional[b]![a]!) / (2 * points);
      if (joint > 0) result += joint * Math.log(joint / (near(a, b) / total));
    }
  return result;
}

test(
  "t-SNE comes as close to the rows as scikit-learn's exact one, within 10 %: it looks at the 90 nearest " +
    'neighbours alone',
  async () => {
    const drawn = randomStream(9, 't-SNE against scikit-learn');
    const middles = Array.from({ length: 8 }, () => Array.from({ length: 10 }, drawn.normal));
    const rows = Array.from({ length: 400 }, (_, row) =>
      middles[row % 8]!.map((value) => value + 0.6 * drawn.normal()),
    );
    // kl_divergence_ on these rows of scikit-learn 1.9.1's TSNE(n_components, perplexity=30, init='pca', max_iter=500,
    // method='exact').
    for (const [dimensions, golden] of [
      [2, 0.48295],
      [3, 0.38388],
    ] as const) {
      const layout = await projectEmbeddings(Float32Array.from(rows.flat()), 10, {
        method: 'tsne',
        dimensions,
        seed: 1,
      });
      const own = divergence(rows, layout, 30);
      assert.ok(own < 1.1 * golden, `${own} in ${dimensions} dimensions, scikit-learn has ${golden}`);
      assert.ok(own > 0.5 * golden, `${own} is too good to be true`);
    }
  },
);

test('t-SNE lays out pictures that coincide, a line, and rows all alike', async () => {
  const twice = Float32Array.from({ length: 40 * 4 }, (_, at) => (Math.floor(at / 4) % 20) + (at % 4));
  const line = Float32Array.from({ length: 60 }, (_, at) => at);
  for (const [values, size] of [
    [twice, 4],
    [line, 1],
    [new Float32Array(50 * 8), 8],
  ] as const) {
    for (const dimensions of [2, 3] as const)
      assert.ok(
        (await projectEmbeddings(values, size, { method: 'tsne', dimensions, seed: 1 })).every(Number.isFinite),
      );
  }
});

test('of many rows the neighbours found are the nearest ones, save a few of a hundred', () => {
  const drawn = randomStream(10, 'neighbours');
  const points = 6000;
  const size = 8;
  const count = 10;
  const middles = Array.from({ length: 100 }, () => Array.from({ length: size }, drawn.normal));
  const rows = Float32Array.from(
    Array.from({ length: points }, (_, row) => middles[row % 100]!.map((value) => value + 0.3 * drawn.normal())).flat(),
  );
  const { indexes, squaredDistances } = nearestNeighbours(rows, size, { count, random: drawn });
  let right = 0;
  for (let row = 0; row < 200; row++) {
    const all = Array.from(
      { length: points },
      (_, other) =>
        [
          other,
          Array.from({ length: size }, (__, at) => (rows[row * size + at]! - rows[other * size + at]!) ** 2).reduce(
            (sum, value) => sum + value,
            0,
          ),
        ] as const,
    );
    const nearest = new Set(
      all
        .filter(([other]) => other !== row)
        .sort((a, b) => a[1] - b[1])
        .slice(0, count)
        .map(([other]) => other),
    );
    const found = indexes.subarray(row * count, (row + 1) * count);
    assert.equal(new Set(found).size, count);
    assert.ok(
      squaredDistances
        .subarray(row * count, (row + 1) * count)
        .every((value, place, own) => place === 0 || value >= own[place - 1]!),
    );
    right += found.filter((other) => nearest.has(other)).length;
  }
  assert.ok(right > 0.95 * 200 * count, `${right} of ${200 * count}`);
});
