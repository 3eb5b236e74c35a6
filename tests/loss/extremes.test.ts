import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lossNames, lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { openLoss, type LossStep } from './lossStep.ts';

const samples = 10_000;
const batch = 400;
const classes = 20;
const size = 8;
const finite = (values: Iterable<number>) => [...values].every(Number.isFinite);

const powerOfTen = (share: number, from: number, to: number) => 10 ** (from + share * (to - from));

/**
 * Samples at their centre, opposite to it, a little off either (from 1e-8 to 1e-1 of its length) or anywhere, with
 * lengths from 1e-8 to 1e6, some of them 0.
 */
function extremes(weights: readonly (readonly number[])[]) {
  const random = randomStream(64, 'extremes');
  return Array.from({ length: samples / batch }, () => {
    const labels = Array.from({ length: batch }, () => random.integer(classes));
    const embeddings = labels.flatMap((label) => {
      const kind = random.integer(6);
      const off = powerOfTen(random.next(), -8, -1);
      const length = random.integer(50) === 0 ? 0 : powerOfTen(random.next(), -8, 6);
      const centre = weights[label] as readonly number[];
      const norm = Math.hypot(...centre);
      return centre.map((value) => {
        const along = (value / norm) * (kind % 2 === 0 ? 1 : -1);
        if (kind < 2) return length * along;
        return length * (kind < 4 ? along + off * random.normal() : random.normal());
      });
    });
    return { embeddings, labels };
  });
}
const random = randomStream(1, 'weights of extremes');
const weights = Array.from({ length: classes }, () => {
  const length = powerOfTen(random.next(), -3, 3);
  return Array.from({ length: size }, () => random.normal() * length);
});
const batches = extremes(weights);

for (const name of lossNames) {
  test(
    `${name}: value and gradients of ${samples} random extremes are finite, with the defaults and margins at s ` +
      '= 64',
    () => {
      const loss = lossSchema.parse(name);
      const head =
        loss.name === 'subCenterArcFace' ? weights.flatMap((row) => [row, row, row.map((value) => -value)]) : weights;
      const opened = openLoss(
        loss,
        { batch, embeddingSize: size, classes, head: { 'head.weight': head.flat() } },
        'compiled',
      );
      try {
        for (const [index, { embeddings, labels }] of batches.entries()) {
          const step = opened.step(embeddings, labels);
          assert.ok(Number.isFinite(step.value), `batch ${index}: the loss is ${step.value}`);
          assert.ok(finite(step.embeddings), `batch ${index}: a gradient by an embedding is not finite`);
          for (const [parameter, gradient] of Object.entries(step.head))
            assert.ok(finite(gradient), `batch ${index}: a gradient by ${parameter} is not finite`);
          for (const [kept, values] of step.state) assert.ok(finite(values), `batch ${index}: ${kept} is not finite`);
        }
      } finally {
        opened.dispose();
      }
    },
  );
}

const many = 500_000;
const poles = [0, Math.PI, 0];
const near = [0.05, 1.5, Math.PI - 0.05];
const angles = [...poles, ...near];
const circle = randomStream(2, 'half a million');
/** Centres on the circle: those of the angles first, then 499,994 anywhere. All samples lie at (1, 0). */
const centres = Float32Array.from(
  [...angles, ...Array.from({ length: many - angles.length }, () => 2 * Math.PI * circle.next())].flatMap((angle) => [
    Math.cos(angle),
    Math.sin(angle),
  ]),
);

/**
 * Loss of one sample and its gradients by the sample and the class weights in double precision: softmax cross-entropy
 * of s cos θ_j with the target's cosine changed, of given derivative.
 */
function scalar(
  rows: Float32Array,
  {
    label,
    scale,
    target,
  }: { label: number; scale: number; target: (angle: number) => readonly [value: number, byCosine: number] },
) {
  const cosines = new Float64Array(many);
  const lengths = new Float64Array(many);
  for (let j = 0; j < many; j++) {
    lengths[j] = Math.hypot(rows[2 * j] as number, rows[2 * j + 1] as number);
    cosines[j] = (rows[2 * j] as number) / (lengths[j] as number);
  }
  const [changed, slope] = target(Math.acos(cosines[label] as number));
  const logit = (j: number) => scale * (j === label ? changed : (cosines[j] as number));
  let largest = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let j = 0; j < many; j++) largest = Math.max(largest, logit(j));
  for (let j = 0; j < many; j++) sum += Math.exp(logit(j) - largest);
  const byWeights = new Float64Array(2 * many);
  let byAngle = 0; // of the sample, along (0, 1)
  for (let j = 0; j < many; j++) {
    const byCosine = scale * (Math.exp(logit(j) - largest) / sum - (j === label ? 1 : 0)) * (j === label ? slope : 1);
    const u = (rows[2 * j] as number) / (lengths[j] as number);
    const v = (rows[2 * j + 1] as number) / (lengths[j] as number);
    byWeights[2 * j] = (byCosine * (1 - (cosines[j] as number) * u)) / (lengths[j] as number);
    byWeights[2 * j + 1] = (byCosine * -(cosines[j] as number) * v) / (lengths[j] as number);
    byAngle += byCosine * v;
  }
  return { value: Math.log(sum) + largest - logit(label), byAngle, byWeights };
}

const additive = (m: number) => (angle: number) =>
  (angle < Math.PI - m
    ? [Math.cos(angle + m), Math.sin(angle + m) / Math.sin(angle)]
    : [Math.cos(angle) - m * Math.sin(m), 1]) as readonly [number, number];
const multiplied = (m: number) => (angle: number) => {
  const k = Math.floor((m * angle) / Math.PI);
  return [
    (-1) ** k * Math.cos(m * angle) - 2 * k,
    ((-1) ** k * m * Math.sin(m * angle)) / Math.sin(angle),
  ] as readonly [number, number];
};
const formulas: Readonly<Record<string, (angle: number) => readonly [number, number]>> = {
  normFace: (angle) => [Math.cos(angle), 1],
  cosFace: (angle) => [Math.cos(angle) - 0.35, 1],
  arcFace: additive(0.5),
  combinedMargin: (angle) => {
    const [value, slope] = additive(0.3)(angle);
    return [value - 0.2, slope];
  },
  sphereFace: multiplied(4),
};

for (const name of [
  'crossEntropy',
  'normFace',
  'sphereFace',
  'cosFace',
  'arcFace',
  'combinedMargin',
  'curricularFace',
  'magFace',
  'adaFace',
  'elasticFace',
  'adaCos',
]) {
  test(
    `${name} over half a million classes is finite at both poles` +
      (formulas[name]
        ? ', and equals a double-precision computation near them: the loss to 1e-4, gradients to 1e-3'
        : ''),
    () => {
      const opened = openLoss(
        lossSchema.parse(name),
        { batch: 3, embeddingSize: 2, classes: many, head: { 'head.weight': [...centres] } },
        'compiled',
      );
      const [atPoles, nearThem] = [
        [0, 1, 2],
        [3, 4, 5],
      ].map((labels) => opened.step([1, 0, 1, 0, 1, 0], labels)) as [LossStep, LossStep];
      opened.dispose();
      for (const step of [atPoles, nearThem])
        assert.ok(
          Number.isFinite(step.value) && finite(step.embeddings) && finite(step.head['head.weight'] as number[]),
          `the loss is ${step.value}`,
        );
      const target = formulas[name];
      if (!target) return;
      // at the poles float32 knows the cosine, but not the angle
      const expected = near.map((_, index) => scalar(centres, { label: poles.length + index, scale: 64, target }));
      const value = expected.reduce((sum, one) => sum + one.value / 3, 0);
      assert.ok(Math.abs(nearThem.value - value) <= 1e-4 * value, `the loss is ${nearThem.value}, expected ${value}`);
      expected.forEach(({ byAngle }, index) =>
        assert.ok(
          Math.abs(3 * (nearThem.embeddings[2 * index + 1] as number) - byAngle) <= 1e-3 * Math.abs(byAngle),
          `at ${near[index]}: the gradient by the sample is ${nearThem.embeddings[2 * index + 1]}, expected ` +
            `${byAngle / 3}`,
        ),
      );
      const byWeights = Float64Array.from({ length: 2 * many }, (_, index) =>
        expected.reduce((sum, one) => sum + (one.byWeights[index] as number) / 3, 0),
      );
      const largest = byWeights.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      const worst = byWeights.reduce(
        (most, one, index) => Math.max(most, Math.abs((nearThem.head['head.weight']?.[index] ?? Number.NaN) - one)),
        0,
      );
      assert.ok(worst <= 1e-3 * largest, `a gradient by the weights is off by ${worst} of ${largest}`);
    },
  );
}
