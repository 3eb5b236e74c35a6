import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lossNames, lossSchema } from '../../src-shared/losses.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { classificationLoss } from '../../src-main/loss/classificationLosses.ts';
import { valueAndGradients } from '../../src-main/train/batchGradients.ts';

interface Case {
  loss: string; source: string; params: Record<string, number>; labels: number[]; value: number; bias?: number[];
  embeddings: number[][]; weights: number[][]; gradEmbeddings: number[][]; gradWeights: number[][];
}
const golden = JSON.parse(readFileSync(new URL('../../../shared/golden/losses.json', import.meta.url), 'utf8')) as { cases: Case[] };

function gradientsOf(name: string, params: Record<string, number>, input: Pick<Case, 'embeddings' | 'weights' | 'labels' | 'bias'>) {
  const plan = lossSchema.parse({ name, ...params });
  const parameters = new Map<string, Tensor>([['embeddings', tf.tensor2d(input.embeddings)], ['head.weight', tf.tensor2d(input.weights)]]);
  if (input.bias) parameters.set('head.bias', tf.tensor1d(input.bias));
  const { value, gradients } = valueAndGradients(parameters, (tensors) =>
    tf.mean(classificationLoss(plan).compute({ plan, embeddings: tensors.get('embeddings') as Tensor, labels: tf.tensor1d(input.labels, 'int32'), parameters: tensors }).loss));
  return { value: value.dataSync()[0] as number, embeddings: [...(gradients.get('embeddings') as Tensor).dataSync()], weights: [...(gradients.get('head.weight') as Tensor).dataSync()] };
}

/** Largest difference as a share of the largest expected magnitude. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs), 1e-12);
  return Math.max(...actual.map((value, index) => Math.abs(value - (expected[index] as number)))) / scale;
}

for (const golden_ of golden.cases.filter((entry) => (lossNames as string[]).includes(entry.loss))) {
  test(`${golden_.loss} ${JSON.stringify(golden_.params)} equals ${golden_.source} to 1e-4 relative`, () => {
    const { embeddings, weights, value } = gradientsOf(golden_.loss, golden_.params, golden_);
    assert.ok(Math.abs(value - golden_.value) <= 1e-4 * Math.abs(golden_.value), `value ${value}, expected ${golden_.value}`);
    assert.ok(relativeError(embeddings, golden_.gradEmbeddings.flat()) <= 1e-4, `gradient by embeddings is off by ${relativeError(embeddings, golden_.gradEmbeddings.flat())}`);
    assert.ok(relativeError(weights, golden_.gradWeights.flat()) <= 1e-4, `gradient by weights is off by ${relativeError(weights, golden_.gradWeights.flat())}`);
  });
}

test('every loss keeps its gradients finite at its centre, opposite to it and near both', () => {
  const embeddings = [[1, 0], [-1, 0], [1, 1e-4], [-1, 1e-4], [1e-8, 0], [1000, 0]];
  for (const name of lossNames) {
    const result = gradientsOf(name, {}, { embeddings, weights: [[1, 0], [0, 1]], labels: [0, 0, 0, 0, 0, 0], ...(name === 'crossEntropy' ? { bias: [0, 0] } : {}) });
    for (const number of [result.value, ...result.embeddings, ...result.weights]) assert.ok(Number.isFinite(number), `${name} gives ${number}`);
  }
});
