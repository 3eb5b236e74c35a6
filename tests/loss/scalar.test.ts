import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import {
  adaCosScale,
  averages,
  centerLoss,
  combined,
  differences,
  marginSoftmax,
  tripletLosses,
  type Rows,
  type ScalarInput,
} from './scalarLosses.ts';
import { engines, lossStep, relativeError, type EngineName, type LossCase } from './lossStep.ts';

const batch = 10;
const classes = 5;
const size = 6;
const random = randomStream(11, 'scalar losses');
// Rounded to float32, so that both sides start from the same numbers.
const rows = (count: number, spread: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: size }, () => Math.fround(random.normal() * spread)));
const weights = rows(classes, 0.3);
const labels = Array.from({ length: batch }, (_, index) => index % classes);
const embeddings = rows(batch, 2);
// One sample at its centre's side, one opposite.
embeddings[0] = (weights[0] as number[]).map((value, k) =>
  Math.fround(value * 5 + (embeddings[0]?.[k] as number) * 0.05),
);
embeddings[1] = (weights[1] as number[]).map((value, k) =>
  Math.fround(-value * 5 + (embeddings[1]?.[k] as number) * 0.05),
);
const input: ScalarInput = { embeddings, weights, labels };
const noise = Array.from({ length: batch }, () => Math.fround(random.normal()));
const centers = rows(classes, 1);
const scale0 = adaCosScale(input, 7);
const arc = (value: number, margin: number) => combined(value, 1, margin, 0);

interface ScalarCase {
  readonly plan: unknown;
  readonly value: (input: ScalarInput) => number;
  readonly case?: Partial<LossCase>;
  readonly weightless?: boolean;
}
const cases: ScalarCase[] = [
  { plan: 'combinedMargin', value: (one) => marginSoftmax(one, 64, (c) => combined(c, 1, 0.3, 0.2)) },
  {
    plan: { name: 'combinedMargin', multiplier: 1.35, marginRadians: 0.2, margin: 0.1, scale: 16 },
    value: (one) => marginSoftmax(one, 16, (c) => combined(c, 1.35, 0.2, 0.1)),
  },
  {
    plan: { name: 'arcFace', marginRadians: 0.3, scale: 16, labelSmoothing: 0.1 },
    value: (one) => marginSoftmax(one, 16, (c) => arc(c, 0.3), 0.1),
  },
  {
    plan: { name: 'normFace', scale: 16, labelSmoothing: 0.2 },
    value: (one) => marginSoftmax(one, 16, (c) => c, 0.2),
  },
  { plan: 'adaCos', value: (one) => marginSoftmax(one, scale0, (c) => c), case: { head: { 'head.scale': [7] } } },
  {
    plan: { name: 'elasticFace', sigma: 0.05 },
    value: (one) => marginSoftmax(one, 64, (c, i) => arc(c, 0.5 + 0.05 * (noise[i] as number))),
    case: { noise: { margin: noise } },
  },
  {
    plan: { name: 'elasticFace', form: 'cos', margin: 0.35, sigma: 0.0125 },
    value: (one) => marginSoftmax(one, 64, (c, i) => c - 0.35 - 0.0125 * (noise[i] as number)),
    case: { noise: { margin: noise } },
  },
  {
    plan: { name: 'elasticFace' },
    value: (one) => marginSoftmax(one, 64, (c) => arc(c, 0.5)),
    case: { training: false },
  },
  ...(['all', 'semiHard', 'batchHard'] as const).flatMap((mining) =>
    (['all', 'active'] as const).map((average): ScalarCase => ({
      plan: { name: 'triplet', mining, average, margin: 0.25 },
      value: (one) => averages[average](tripletLosses(one, mining, 0.25)),
      weightless: true,
    })),
  ),
  {
    plan: 'cosFace + 0.003 center',
    value: (one) => marginSoftmax(one, 64, (c) => c - 0.35) + 0.003 * centerLoss(one, centers),
    case: { head: { 'term2.head.center': centers.flat() } },
  },
  {
    plan: {
      name: 'sum',
      terms: [
        { loss: { name: 'arcFace', scale: 16 } },
        { weight: 0.1, loss: { name: 'triplet', mining: 'all', margin: 0.2 } },
      ],
    },
    value: (one) => marginSoftmax(one, 16, (c) => arc(c, 0.5)) + 0.1 * averages.all(tripletLosses(one, 'all', 0.2)),
  },
];

for (const { plan: given, value, case: extra, weightless } of cases) {
  for (const engine of Object.keys(engines) as EngineName[]) {
    const loss = JSON.stringify(given);
    test(`${loss} equals a scalar computation and its differences to 1e-4 relative, ${engine}`, (context) => {
      const step = lossStep(
        lossSchema.parse(given),
        {
          embeddings,
          labels,
          classes,
          ...extra,
          head: { ...(weightless ? {} : { 'head.weight': weights.flat() }), ...extra?.head },
        },
        engine,
      );
      const errors = {
        value: Math.abs(step.value - value(input)) / Math.abs(value(input)),
        embeddings: relativeError(
          step.embeddings,
          differences(embeddings, (moved: Rows) => value({ ...input, embeddings: moved })),
        ),
        ...(weightless
          ? {}
          : {
              weights: relativeError(
                step.head['head.weight'] ?? [],
                differences(weights, (moved: Rows) => value({ ...input, weights: moved })),
              ),
            }),
      };
      context.diagnostic(JSON.stringify(errors));
      for (const [what, error] of Object.entries(errors)) assert.ok(error <= 1e-4, `${what} is off by ${error}`);
    });
  }
}

test('combinedMargin (1, m, 0) is arcFace and (1, 0, m) cosFace', () => {
  const at = (plan: object) =>
    lossStep(lossSchema.parse(plan), { embeddings, labels, classes, head: { 'head.weight': weights.flat() } });
  const pairs = [
    [{ name: 'combinedMargin', marginRadians: 0.5, margin: 0 }, { name: 'arcFace' }],
    [{ name: 'combinedMargin', marginRadians: 0, margin: 0.35 }, { name: 'cosFace' }],
  ] as const;
  for (const [first, second] of pairs) {
    assert.ok(Math.abs(at(first).value - at(second).value) <= 1e-5 * at(second).value);
    assert.ok(relativeError(at(first).embeddings, at(second).embeddings) <= 1e-4);
  }
});

/**
 * Losses whose gradient has no part held fixed: the value itself, moved along the gradient, must change by the
 * gradient's length.
 */
const smooth = [
  'crossEntropy',
  'normFace',
  'sphereFace',
  'cosFace',
  'arcFace',
  'combinedMargin',
  'subCenterArcFace',
  'adaCos',
  'magFace',
  'elasticFace',
  'proxyAnchor',
  'triplet',
  'contrastive',
  'multiSimilarity',
  'supCon',
  'crossEntropy + 0.003 center',
];
for (const name of smooth) {
  test(`${name}: finite differences along the gradient equal its length to 1 %`, () => {
    const schema = lossSchema.parse(name);
    // State as it is: in training AdaCos's s follows the batch without gradient. Norms of about 20, where MagFace's
    // margin moves.
    const wide = embeddings.map((row) => row.map((value) => value * 4));
    const at = (moved: readonly (readonly number[])[]) =>
      lossStep(schema, { embeddings: moved, labels, classes, training: false });
    const { embeddings: gradient } = at(wide);
    const length = Math.hypot(...gradient);
    const moved = (by: number) =>
      at(wide.map((row, i) => row.map((value, k) => value + (by * (gradient[i * size + k] as number)) / length))).value;
    const step = 2e-2;
    const slope = (moved(step) - moved(-step)) / (2 * step);
    assert.ok(Math.abs(slope - length) <= 0.01 * length, `slope ${slope}, gradient ${length}`);
  });
}
