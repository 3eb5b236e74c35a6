import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { tuningSeeds } from '../../src-shared/tune.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { readBatch, taskWorkspaceOf } from '../../src-main/workbench/batch/batchFile.ts';
import { collectBatch } from '../../src-main/workbench/batch/collectBatch.ts';
import { knownRuns } from '../../src-main/workbench/batch/knownRuns.ts';
import { runBatchTask } from '../../src-main/workbench/batch/runBatchTask.ts';
import { continueBatch, submitBatch, type SubmitOptions } from '../../src-main/workbench/batch/submitBatch.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import type { Split } from '../../src-main/split/makeSplit.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-rounds-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const quiet = { stage: () => undefined, step: () => undefined, notice: () => undefined };
const optionsOf = (store: Store, text: string): StageOptions => ({
  store,
  plan: parseExperiment(text, 'rounds.yaml'),
  baseFolder: folder,
  rerunCommand: 'again',
  signal: new AbortController().signal,
  progress: quiet,
});
const submit: SubmitOptions = {
  flags: [],
  from: folder,
  dryRun: true,
  collect: true,
  commands: () => ({ task: ['task'], collect: ['submit', '--continue'] }),
};
const train = { compiled: true, engine: 'cpu' } as const;
const tuned = `name: Rounds
data: { demo: { people: 10, imagesPerPerson: 8 } }
prepare: { inputSize: 32 }
split: { seed: perSeed, query: 0.2, distractors: 0.1 }
model: { embeddingSize: 8 }
training: { epochs: 1, batchSize: 16 }
seeds: 2
tune: { knobs: { training.learningRate: [0.02, 0.1] }, seeds: 1 }
arms: [{ name: CE, loss: crossEntropy }, { name: NormFace, loss: normFace }]
`;

/** A run names the split that it trained on. */
const saveSplit = (store: Store, hash: string) =>
  store.saveSplit({ hash, seed: 1, rule: {}, folder: '', manifestHash: '', audit: [] });

/** Leaves a workspace as a task of tuning does, with a val accuracy. */
function endTask({ plan }: StageOptions, batchFolder: string, number: number, accuracy: number): void {
  const run = readBatch(batchFolder)!.runs[number]!;
  const store = openStore(taskWorkspaceOf(batchFolder, number));
  const hash = planHash(plan);
  store.savePlan(hash, plan);
  saveSplit(store, run.splitHash!);
  store.createRun({ ...run, experiment: plan.name, planHash: hash, splitHash: run.splitHash! });
  store.addPoints([
    { run: run.id, name: 'val/accuracy', value: accuracy, step: 1, epoch: 1, at: 0 },
    { run: run.id, name: 'val/loss', value: 1, step: 1, epoch: 1, at: 0 },
  ]);
  store.saveResult(run.id, 'summary', { bestEpoch: 1, artefacts: {}, evaluation: null });
  store.saveResult(run.id, 'draws', { batchOrder: 'b', augmentation: 'a' });
  store.updateRun(run.id, { status: 'trained', initialWeightsHash: 'w' });
  mkdirSync(workspaceFolders(store.workspace).run(run.id), { recursive: true });
  store.close();
}

test('a tuned experiment with a split for each seed is submitted as two rounds', async () => {
  const store = openStore(join(folder, 'tuned'));
  try {
    const options = optionsOf(store, tuned);
    const first = await submitBatch(options, submit);
    assert.deepEqual(
      first.tasks.map(({ arm, seed }) => [arm, seed]),
      [
        'CE (learningRate 0.02)',
        'CE (learningRate 0.1)',
        'NormFace (learningRate 0.02)',
        'NormFace (learningRate 0.1)',
      ].map((arm) => [arm, tuningSeeds(options.plan)[0]]),
    );
    assert.match(first.scripts[1]!.text, /submits the next round[^]*exec submit --continue\n/);
    await assert.rejects(continueBatch(options, submit, train), /4 of 4 runs are not done, the first: CE/);
    [0.2, 0.9, 0.8, 0.1].forEach((accuracy, number) => endTask(options, first.folder, number, accuracy));

    // The round is over: collecting by hand says what is left, and the job behind it submits that.
    await assert.rejects(collectBatch(options, { from: [], partial: false, train }), {
      message: /^Rounds goes on with 4 runs that are not submitted yet, the first: CE, seed 1\. Submit the experiment/,
    });
    const next = await continueBatch(options, submit, train);
    assert.ok(next.kind === 'submitted');
    assert.deepEqual(
      next.submitted.tasks.map(({ number, arm, seed }) => [number, arm, seed]),
      [
        [4, 'CE', 1],
        [5, 'NormFace', 1],
        [6, 'CE', 2],
        [7, 'NormFace', 2],
      ],
    );
    const { runs } = readBatch(first.folder)!;
    assert.deepEqual(
      runs.slice(4).map(({ settings }) => settings?.['training.learningRate']),
      [0.1, 0.02, 0.1, 0.02],
    );
    assert.equal(new Set(runs.slice(4).map(({ splitHash }) => splitHash)).size, 2, 'each seed has a split');

    // A task needs nothing but the batch's file to train what tuning chose, on the split of its seed.
    const done = await runBatchTask({
      folder: first.folder,
      number: 6,
      progress: quiet,
      signal: new AbortController().signal,
      train,
    });
    const own = openStore(done.workspace, { readOnly: true });
    assert.deepEqual(own.result(done.id, 'tuned'), { 'training.learningRate': 0.1 });
    assert.deepEqual([own.run(done.id)?.status, own.run(done.id)?.splitHash], ['done', runs[6]?.splitHash]);
    own.close();
    await assert.rejects(
      continueBatch(options, submit, train),
      /3 of 8 runs are not done, the first: CE, seed 1 \(task 4\)/,
    );
    assert.match(readFileSync(first.scripts[0]!.path, 'utf8'), /--array=4,5,6,7/);
  } finally {
    store.close();
  }
});

test('a comparison that stops by itself is submitted up to the next look, and no further once it is decided', () => {
  const store = openStore(join(folder, 'until'));
  try {
    const { plan } = optionsOf(store, 'seeds: { until: decided, atMost: 8 }');
    store.savePlan('p', plan);
    saveSplit(store, 's');
    const split = { hash: 's' } as Split;
    const known = () => knownRuns(store, plan, { split });
    const judge = (accuracyOf: (arm: string, seed: number) => number) => {
      for (const { id, arm, seed } of known()) {
        const value = accuracyOf(arm, seed);
        const evaluation = { accuracy: { val: null, test: { top1: { value, total: 100 }, top5: { value } } } };
        if (store.run(id) === null)
          store.createRun({ id, arm, seed, experiment: 'until', planHash: 'p', splitHash: 's' });
        store.saveResult(id, 'summary', { evaluation: { ...evaluation, identification: null } });
      }
    };
    const seeds = () => new Set(known().map(({ seed }) => seed)).size;
    assert.equal(seeds(), 5);
    judge((arm, seed) => (arm === 'ArcFace' ? 0.5 + [0, 0.2, -0.02, 0.12, -0.01][seed - 1]! : 0.5));
    assert.equal(seeds(), 6, 'five pairs leave it open, so that one more seed is trained');
    judge((arm, seed) => (arm === 'ArcFace' ? 0.9 + seed / 1000 : 0.5));
    assert.equal(seeds(), 5, 'decided at the first look');
  } finally {
    store.close();
  }
});
