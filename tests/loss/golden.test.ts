import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lossNames, lossSchema } from '../../src-shared/losses.ts';
import { engines, lossStep, relativeError, type EngineName } from './lossStep.ts';

type Parameters = Readonly<Record<string, number | string>>;
interface Case {
  loss: string;
  source: string;
  params: Parameters;
  labels: number[];
  value: number;
  bias?: number[];
  embeddings: number[][];
  weights?: number[][];
  gradEmbeddings: number[][];
  gradWeights?: number[][];
}
const golden = JSON.parse(readFileSync(new URL('../golden/losses.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

/** A case's parameters in our words: hyperparameters, and the state before the step. */
function translate(loss: string, params: Parameters): { plan: object; state: Record<string, number[]> } {
  switch (loss) {
    case 'sphereFace':
      return { plan: { ...params, keepNorm: true }, state: {} };
    case 'adaFace': {
      const { batchMean, batchStd, ...plan } = params;
      return { plan, state: { 'head.normMean': [Number(batchMean)], 'head.normDeviation': [Number(batchStd)] } };
    }
    case 'curricularFace': {
      const { t, ...plan } = params;
      return { plan, state: { 'head.targetCosine': [Number(t)] } };
    }
    case 'triplet': {
      const { mining, margin, distance } = params;
      return {
        plan: { mining, margin, distance: String(distance).startsWith('squared') ? 'squared' : 'euclidean' },
        state: {},
      };
    }
    case 'contrastive': {
      const { distance: _euclidean, ...plan } = params;
      return { plan, state: {} };
    }
    case 'circle': {
      const { reduction: _anchorsWithPairs, ...plan } = params;
      return { plan, state: {} };
    }
    default:
      return { plan: params, state: {} };
  }
}

test('every loss that has golden values is in the catalogue', () => {
  assert.deepEqual(
    [...new Set(golden.cases.map((entry) => entry.loss))].filter((name) => !(lossNames as string[]).includes(name)),
    [],
  );
});

for (const golden_ of golden.cases) {
  for (const engine of Object.keys(engines) as EngineName[]) {
    const loss = `${golden_.loss} ${JSON.stringify(golden_.params)}`;
    test(`${loss} equals ${golden_.source} to 1e-4 relative, ${engine}`, (context) => {
      const { plan, state } = translate(golden_.loss, golden_.params);
      const { embeddings, labels, weights, bias } = golden_;
      const head = {
        ...(weights ? { 'head.weight': weights.flat() } : {}),
        ...(bias ? { 'head.bias': bias } : {}),
        ...state,
      };
      const step = lossStep(
        lossSchema.parse({ name: golden_.loss, ...plan }),
        { embeddings, labels, classes: Math.max(...labels) + 1, head },
        engine,
      );
      const errors = {
        value: Math.abs(step.value - golden_.value) / Math.abs(golden_.value),
        embeddings: relativeError(step.embeddings, golden_.gradEmbeddings.flat()),
        ...(step.head['head.weight']
          ? { weights: relativeError(step.head['head.weight'], golden_.gradWeights?.flat() ?? []) }
          : {}),
      };
      context.diagnostic(JSON.stringify({ loss: golden_.loss, ...errors }));
      for (const [what, error] of Object.entries(errors)) assert.ok(error <= 1e-4, `${what} is off by ${error}`);
    });
  }
}

test('every loss keeps its gradients finite at its centre, opposite to it and near both', () => {
  const embeddings = [
    [1, 0],
    [-1, 0],
    [1, 1e-4],
    [-1, 1e-4],
    [1e-8, 0],
    [1000, 0],
    [0, 0],
    [1, 0],
  ];
  for (const name of lossNames) {
    const head =
      name === 'subCenterArcFace'
        ? [
            [1, 0],
            [-1, 0],
            [0, 1],
            [0, 1],
            [0, -1],
            [1, 0],
          ]
        : [
            [1, 0],
            [0, 1],
          ];
    const result = lossStep(lossSchema.parse(name), {
      embeddings,
      labels: [0, 0, 0, 0, 0, 0, 0, 1],
      classes: 2,
      head: { 'head.weight': head.flat() },
    });
    for (const number of [result.value, ...result.embeddings, ...Object.values(result.head).flat()])
      assert.ok(Number.isFinite(number), `${name} gives ${number}`);
  }
});
