import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { isBetterEpoch } from '../../src-main/train/betterEpoch.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-best-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('the val measure decides, loss where it is equal, and the earlier epoch where both are', () => {
  const best = { score: 0.9, loss: 2 };
  const rows = [
    [0.91, 9, true],
    [0.89, 0, false],
    [0.9, 1.9, true],
    [0.9, 2, false],
    [0.9, 2.1, false],
    [0.9, Number.NaN, false],
  ] as const;
  for (const [score, loss, better] of rows)
    assert.equal(isBetterEpoch({ score, loss }, best), better, `${score}, ${loss}`);
  assert.ok(isBetterEpoch({ score: 0, loss: 5 }, { score: -1, loss: null }));
  assert.ok(
    !isBetterEpoch({ score: 0.9, loss: 1 }, { score: 0.9, loss: null }),
    'a checkpoint that kept no loss breaks no tie',
  );
});

test('once val accuracy is 1, the epoch with the lowest val loss is judged, not the first to get there', async () => {
  const plan = experimentSchema.parse({
    data: { demo: { people: 4, imagesPerPerson: 12 } },
    prepare: { inputSize: 32 },
    split: { query: 0, distractors: 0 },
    model: { embeddingSize: 16 },
    training: { epochs: 12, batchSize: 8, learningRate: 0.02 },
    arms: [{ name: 'cross-entropy', loss: 'crossEntropy' }],
  });
  const store = openStore(folder);
  try {
    const options = {
      store,
      plan,
      baseFolder: folder,
      rerunCommand: 'test',
      signal: new AbortController().signal,
      progress: { stage: () => undefined, notice: () => undefined, step: () => undefined },
    };
    const [id] = await trainArms(options, await gatherSplit(options), {
      interrupted: 'refuse',
      compiled: true,
      engine: 'cpu',
      evaluate: false,
    });
    const curve = (name: string) =>
      store
        .points(id as string)
        .filter((point) => point.name === name)
        .map((point) => point.value as number);
    const accuracy = curve('val/accuracy');
    const loss = curve('val/loss');
    const solved = accuracy.flatMap((value, index) => (value === Math.max(...accuracy) ? [index] : []));
    assert.ok(solved.length >= 2, `no tie in ${accuracy}`);
    const lowest = Math.min(...solved.map((index) => loss[index] as number));
    const { bestEpoch } = store.result(id as string, 'summary') as TrainedSummary;
    assert.equal(loss[bestEpoch - 1], lowest);
    assert.notEqual(
      bestEpoch,
      (solved[0] as number) + 1,
      'the first to solve it has the lowest loss: this run cannot tell',
    );
  } finally {
    store.close();
  }
});
