import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { drawLossNoise } from '../../src-main/loss/lossNoise.ts';
import { adaCosScale } from './scalarLosses.ts';
import { engines, lossStep, relativeError, type EngineName } from './lossStep.ts';

const embeddings = [
  [3, 0],
  [0, 5],
  [4, 3],
  [-6, 8],
];
const labels = [0, 1, 0, 2];
const weights = [
  [1, 0],
  [0, 1],
  [-1, 0],
];
const head = { 'head.weight': weights.flat() };

const expected: {
  readonly plan: unknown;
  readonly start?: Record<string, number[]>;
  readonly after: Record<string, number[]>;
}[] = [
  {
    plan: 'curricularFace',
    start: { 'head.targetCosine': [0.5] },
    after: { 'head.targetCosine': [0.99 * 0.5 + 0.01 * ((1 + 1 + 0.8 + 0.6) / 4)] },
  },
  {
    plan: 'adaCos',
    start: { 'head.scale': [5] },
    after: { 'head.scale': [adaCosScale({ embeddings, weights, labels }, 5)] },
  },
  // Norms 3, 5, 5, 10: mean 5.75, unbiased standard deviation √(26.75 / 3).
  {
    plan: { name: 'adaFace', tAlpha: 0.25 },
    after: {
      'head.normMean': [0.25 * 5.75 + 0.75 * 20],
      'head.normDeviation': [0.25 * Math.sqrt(26.75 / 3) + 0.75 * 100],
    },
  },
  // c += α Σ (x - c) / (1 + n) from 0, n = 2, 1, 1.
  {
    plan: 'crossEntropy + 0.01 center',
    after: { 'term2.head.center': [(0.5 * 7) / 3, (0.5 * 3) / 3, 0, (0.5 * 5) / 2, (0.5 * -6) / 2, (0.5 * 8) / 2] },
  },
  // Half of the way to the mean of the unit embeddings (1, 0) and (0.8, 0.6).
  { plan: 'supCon', after: { 'head.classMean': [0.45, 0.15, 0, 0.5, -0.3, 0.4] } },
];

for (const { plan, start, after } of expected) {
  for (const engine of Object.keys(engines) as EngineName[]) {
    test(`${JSON.stringify(plan)} moves its state as the paper says, and not in inference, ${engine}`, () => {
      const input = {
        embeddings,
        labels,
        classes: 3,
        head: { ...(JSON.stringify(plan).includes('supCon') ? {} : head), ...start },
      };
      const [trained, inferred] = [true, false].map(
        (training) => lossStep(lossSchema.parse(plan), { ...input, training }, engine).state,
      );
      for (const [name, values] of Object.entries(after))
        assert.ok(
          relativeError([...(trained?.get(name) ?? [])], values) <= 1e-5,
          `${name} is ${String(trained?.get(name))}, expected ${String(values)}`,
        );
      for (const [name, values] of inferred ?? []) {
        const before =
          start?.[name] ?? [...values].map(() => ({ 'head.normMean': 20, 'head.normDeviation': 100 })[name] ?? 0);
        assert.deepEqual([...values], before.map(Math.fround), name);
      }
    });
  }
}

test('a metric loss scores by the nearest class mean, and a class without pictures wins nowhere', () => {
  const means = [1, 0, 0, 0, 0, 0.2];
  const { scores } = lossStep(lossSchema.parse('triplet'), {
    embeddings: [
      [2, 0.1],
      [0.1, 9],
    ],
    labels: [0, 2],
    classes: 3,
    head: { 'head.classMean': means },
  });
  assert.ok(
    relativeError(scores, [
      2 / Math.hypot(2, 0.1),
      0,
      0.1 / Math.hypot(2, 0.1),
      0.1 / Math.hypot(0.1, 9),
      0,
      9 / Math.hypot(0.1, 9),
    ]) < 1e-5,
    String(scores),
  );
});

test('a batch without a positive pair has a pair loss of 0 and no gradient', () => {
  for (const plan of [
    'triplet',
    { name: 'triplet', mining: 'all' },
    { name: 'triplet', mining: 'semiHard' },
    'supCon',
    'circle',
  ]) {
    const step = lossStep(lossSchema.parse(plan), {
      embeddings: embeddings.slice(0, 3),
      labels: [0, 1, 2],
      classes: 3,
    });
    assert.deepEqual(
      [step.value, ...step.embeddings].map(Math.abs),
      [0, ...step.embeddings.map(() => 0)],
      JSON.stringify(plan),
    );
  }
});

test('the noise of a step depends on seed, epoch and batch alone', () => {
  const plan = lossSchema.parse('elasticFace + 0.1 supCon');
  const at = { seed: 1, epoch: 2, batch: 3, batchSize: 1000 };
  const drawn = drawLossNoise(plan, at)['lossNoise/margin'] as Float32Array;
  assert.deepEqual(drawLossNoise(plan, at)['lossNoise/margin'], drawn);
  assert.notDeepEqual(drawLossNoise(plan, { ...at, batch: 4 })['lossNoise/margin'], drawn);
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  assert.ok(Math.abs(mean) < 0.1, `mean ${mean}`);
  assert.deepEqual(drawLossNoise(lossSchema.parse('arcFace'), at), {});
});

test('gradients of 1,000 random extremes of each margin loss are finite', () => {
  const random = randomStream(5, 'extremes');
  const count = 1000;
  const size = 4;
  const axes = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ];
  const labels = Array.from({ length: count }, (_, index) => index % 2);
  // On the axis or opposite to it, off by 0 to 1e-1, norms from 1e-6 to 1e6.
  const rows = labels.map((label) => {
    const sign = random.integer(2) === 0 ? 1 : -1;
    const off = random.integer(8) === 0 ? 0 : 10 ** (-9 * random.next() - 1);
    const norm = 10 ** (12 * random.next() - 6);
    return (axes[label] as number[]).map((value) => norm * (sign * value + off * random.normal()));
  });
  for (const name of [
    'normFace',
    'sphereFace',
    'cosFace',
    'arcFace',
    'combinedMargin',
    'adaCos',
    'curricularFace',
    'magFace',
    'adaFace',
    'elasticFace',
    'proxyAnchor',
  ]) {
    const step = lossStep(lossSchema.parse(name), {
      embeddings: rows,
      labels,
      classes: 2,
      head: { 'head.weight': axes.flat() },
    });
    const bad = [step.value, ...step.embeddings, ...(step.head['head.weight'] as number[])].filter(
      (value) => !Number.isFinite(value),
    ).length;
    assert.equal(bad, 0, `${name}: ${bad} of the ${count * size} gradients are not finite`);
  }
});
