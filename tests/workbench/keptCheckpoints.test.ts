import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';
import { resultHash } from '../../src-main/workbench/results/resultHash.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { findRemovable } from '../../src-main/workbench/workspace/clean/findRemovable.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-kept-'));
let store: Store;
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});
const plan = experimentSchema.parse({
  name: 'Kept',
  data: { source: 'demo', demo: { people: 6, imagesPerPerson: 8 } },
  prepare: { inputSize: 32 },
  split: { query: 0.2, distractors: 0 },
  model: { embeddingSize: 8 },
  training: { batchSize: 8, learningRate: 0.01 },
  arms: [{ name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } }],
  // its runs are trained, never judged, and chosen from
  tune: { knobs: { 'training.epochs': [2] }, seeds: 1 },
});
const trained = async (evaluate: boolean) => {
  const options: StageOptions = {
    store,
    plan,
    baseFolder: folder,
    progress: { stage: () => undefined, step: () => undefined, notice: () => undefined },
    signal: new AbortController().signal,
    rerunCommand: 'arcbench --run kept.yaml',
  };
  return await trainArms(options, await gatherSplit(options), {
    interrupted: 'resume',
    compiled: true,
    engine: 'cpu',
    evaluate,
  });
};
const checkpointsOf = (id: string): string => workspaceFolders(store.workspace).filesOfRun(id).checkpoints;
const kept = (id: string) => readdirSync(checkpointsOf(id)).sort();

let trial = '';
let run = '';
let hash: string | null = null;
before(async () => {
  store = openStore(join(folder, 'workspace'));
  [trial = '', run = ''] = await trained(false);
});

test('a run that is still to be judged keeps its best checkpoint, and a run of tuning does not', () => {
  assert.equal(store.run(run)?.status, 'trained');
  assert.deepEqual(kept(run), ['best', 'last']);
  assert.deepEqual(kept(trial), ['last']);
});

test('a run that is judged keeps its last checkpoint only, and the workspace is whole', async () => {
  await trained(true);
  assert.equal(store.run(run)?.status, 'done');
  assert.deepEqual(kept(run), ['last']);
  assert.ok(!existsSync(workspaceFolders(store.workspace).removing));
  assert.deepEqual(await checkWorkspace(store, { repair: false, onProgress: () => undefined }), []);
  hash = resultHash(store, run);
  const removable = await findRemovable(store);
  const named = removable.filter(({ kind }) => kind === 'checkpoints').map(({ id, bytes }) => [id, bytes > 0]);
  assert.deepEqual(
    named.sort(),
    [run, trial].sort().map((id) => [`checkpoints/${id}`, true]),
  );
});

test('a database that has lost the end of a run judges it again from its saved weights, equally', async () => {
  store.updateRun(run, { status: 'running', finishedAt: null });
  for (const name of ['summary', 'judged', 'predictions', 'digest']) store.forgetResult(run, name);
  await trained(true);
  assert.equal(store.run(run)?.status, 'done');
  assert.equal(resultHash(store, run), hash);
  assert.deepEqual(kept(run), ['last']);
});

test('whoever is killed between the end of a run and the removal leaves it to the next start', async () => {
  cpSync(join(checkpointsOf(run), 'last'), join(checkpointsOf(run), 'best'), { recursive: true });
  await trained(true);
  assert.deepEqual(kept(run), ['last']);
  assert.equal(resultHash(store, run), hash);
});
