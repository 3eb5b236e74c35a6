import assert from 'node:assert/strict';
import Database from 'better-sqlite3';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { experimentSchema, type Plan } from '../../src-shared/experiment.ts';
import { readDatasetFile } from '../../src-main/data/datasetFile.ts';
import { readPreparedIndex, type PreparedSet } from '../../src-main/data/preparedSet.ts';
import type { Split } from '../../src-main/split/makeSplit.ts';
import { hashFiles } from '../../src-main/files/hashFiles.ts';
import { storedPaths } from '../../src-main/files/storedPaths.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore } from '../../src-main/store/store.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { importFaces, prepareFaces } from '../../src-main/workbench/experiment/gatherFaces.ts';
import { originOf, saveOrigin } from '../../src-main/workbench/experiment/originOf.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { comparisonRuns } from '../../src-main/workbench/experiment/plannedRuns.ts';
import { runFacesOf } from '../../src-main/workbench/experiment/runFaces.ts';
import { auditFaces, writeAuditedSplit } from '../../src-main/workbench/experiment/splitFaces.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import { portablePlan } from '../../src-main/workbench/results/export/portablePlan.ts';
import { pictureFinder } from '../../src-main/files/pictureFinder.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { drawFaces } from '../drawnFaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-moved-'));
const first = join(folder, 'first', 'workspace');
const copy = join(folder, 'copy', 'workspace');
const uploaded = join(first, 'uploads', 'u1', 'faces');
after(() => rmSync(folder, { recursive: true, force: true }));

const planOf = (source: string): Plan =>
  experimentSchema.parse({
    name: 'Moved',
    data: { source },
    prepare: { inputSize: 32 },
    split: { distractors: 0, query: 0 },
    arms: [
      { name: 'CE', loss: { name: 'crossEntropy' } },
      { name: 'ArcFace', loss: { name: 'arcFace' } },
    ],
  });

function optionsOf(workspace: string, source: string): StageOptions {
  return {
    store: openStore(workspace),
    plan: planOf(source),
    baseFolder: join(workspace, 'experiments'),
    progress: { stage: () => undefined, step: () => undefined, notice: () => undefined },
    signal: new AbortController().signal,
    rerunCommand: 'arcbench --run moved.yaml',
  };
}

/** Imports, prepares and splits; the runs are put into the store with one file, as if they had trained. */
async function runOnce(options: StageOptions): Promise<readonly string[]> {
  const { store, plan, baseFolder, rerunCommand } = options;
  const dataset = await importFaces(options);
  const set = await prepareFaces(options, dataset);
  const audited = await auditFaces(options, set);
  await writeAuditedSplit(options, set, audited);
  const hash = planHash(plan);
  store.savePlan(hash, plan);
  const runs = comparisonRuns(store, plan, audited);
  for (const { id, arm, seed, split } of runs) {
    if (store.run(id)) continue;
    const { run, filesOfRun } = workspaceFolders(store.workspace);
    mkdirSync(run(id), { recursive: true });
    writeFileSync(filesOfRun(id).weights, `weights of ${arm}`);
    const sha256 = await hashFiles(filesOfRun(id).weights);
    store.createRun({ id, experiment: plan.name, arm, seed, planHash: hash, splitHash: split.hash });
    store.saveArtefact(id, { kind: 'weights', path: filesOfRun(id).weights, sha256 });
    store.saveResult(id, 'faces', runFacesOf({ dataset, set }));
    saveOrigin(store, id, { baseFolder, rerunCommand });
    store.updateRun(id, { status: 'done' });
    store.saveResult(id, 'digest', store.digest(id));
  }
  return runs.map(({ id }) => id);
}

const check = async (workspace: string) => {
  const store = openStore(workspace, { readOnly: true });
  try {
    return await checkWorkspace(store, { repair: false, onProgress: () => undefined });
  } finally {
    store.close();
  }
};

let runs: readonly string[];
before(async () => {
  await drawFaces(join(folder, 'drawn'), { people: 4, pictures: 6 });
  openStore(first).close();
  cpSync(join(folder, 'drawn'), uploaded, { recursive: true });
  cpSync(join(folder, 'drawn'), join(folder, 'first', 'beside'), { recursive: true });
  rmSync(join(folder, 'first', 'beside', 's1', '1.png')); // other faces than those of the workspace
  const options = optionsOf(first, uploaded);
  runs = await runOnce(options);
  options.store.close();
  cpSync(first, copy, { recursive: true });
});

test('no path of a workspace leads back to where it was', async () => {
  const texts = [
    ...(['dataset', 'artefact', 'split', 'result', 'run'] as const).map((table) => {
      const database = new Database(join(copy, 'arcbench.db'), { readonly: true });
      const text = JSON.stringify(database.prepare(`SELECT * FROM ${table}`).all());
      database.close();
      return text;
    }),
  ];
  for (const text of texts) assert.doesNotMatch(text, /first[/\\]+workspace/);
  const store = openStore(copy, { readOnly: true });
  const [row] = store.datasets();
  assert.equal(row?.source, join(copy, 'uploads', 'u1', 'faces'));
  const dataset = await readDatasetFile(copy, row?.hash ?? '');
  assert.ok(dataset.images.every(({ path }) => path.startsWith(row?.source ?? '/') && existsSync(path)));
  const faces = store.result(runs[0] ?? '', 'faces') as { prepared: string };
  const index = readPreparedIndex(workspaceFolders(copy).preparedSet(faces.prepared));
  assert.ok(index.images.every(({ path }) => path.startsWith(row?.source ?? '/')));
  assert.equal(originOf(store, runs[0] ?? '')?.baseFolder, join(copy, 'experiments'));
  store.close();
});

test('check looks at the files of the copy, not at those of the original', async () => {
  assert.deepEqual(await check(copy), []);
  const { weights } = workspaceFolders(copy).filesOfRun(runs[0] ?? '');
  const kept = readFileSync(weights);
  writeFileSync(weights, 'other weights');
  assert.deepEqual(
    (await check(copy)).map(({ path }) => path),
    [weights],
  );
  assert.deepEqual(await check(first), []);
  writeFileSync(weights, kept);
});

test('an experiment on pictures of the workspace finds its runs in the copy, also without the original', async () => {
  const away = join(folder, 'away');
  renameSync(join(folder, 'first'), away);
  const options = optionsOf(copy, uploaded); // as the experiment's file says it
  assert.deepEqual(await runOnce(options), runs);
  assert.equal(options.store.datasets().length, 1);
  options.store.close();
  const workbench = openWorkbench({ workspace: copy, door: 'serve', roots: [folder] });
  const call = <N extends CallName>(name: N, input: CallInput<N>) =>
    workbench.call(name, input) as Promise<CallOutputs[N]>;
  const [dataset] = await call('datasets.list', {});
  assert.equal(dataset?.uploaded, true);
  assert.notEqual(await workbench.resource(`pictures/original/${dataset?.hash}/0?side=32`), null);
  await workbench.close();
  renameSync(away, join(folder, 'first'));
});

test('a source beside a moved workspace is named where it is now', async () => {
  const beside = join(folder, 'first', 'beside');
  const options = optionsOf(first, beside);
  const before = await importFaces(options);
  options.store.close();
  const moved = join(folder, 'elsewhere');
  renameSync(join(folder, 'first'), moved);
  const again = optionsOf(join(moved, 'workspace'), beside);
  await assert.rejects(importFaces(again), {
    code: 'wrong-input',
    message:
      `The data source ${beside} is gone. The workspace was moved, and ${join(moved, 'beside')} lies beside it as ` +
      'the source did before: set data.source to it, or import it in Datasets. The same pictures there are the same ' +
      'dataset.',
  });
  assert.equal((await importFaces({ ...again, plan: planOf(join(moved, 'beside')) })).hash, before.hash);
  again.store.close();
  renameSync(moved, join(folder, 'first'));
});

test('a workspace of before, with full paths, works where it was moved to', async () => {
  const older = join(folder, 'older');
  cpSync(first, older, { recursive: true });
  const database = new Database(join(older, 'arcbench.db'));
  const full = (path: string) => join('/former/place', path);
  for (const { hash } of database.prepare('SELECT hash FROM split').all() as { hash: string }[])
    database.prepare('UPDATE split SET folder = ? WHERE hash = ?').run(full(`splits/${hash.slice(0, 16)}`), hash);
  for (const { run, path } of database.prepare('SELECT run, path FROM artefact').all() as Record<string, string>[])
    database.prepare('UPDATE artefact SET path = ? WHERE run = ?').run(full(path ?? ''), run);
  database.prepare("UPDATE dataset SET source = ? WHERE source LIKE 'uploads/%'").run(full('uploads/u1/faces'));
  database.prepare("DELETE FROM result WHERE name = 'digest'").run();
  for (const column of ['facesFound', 'edits', 'undo', 'redo'])
    database.exec(`ALTER TABLE dataset DROP COLUMN ${column}`);
  database.exec('DROP TABLE place; PRAGMA user_version = 5');
  database.close();
  assert.deepEqual(await check(older), []);
  const store = openStore(older, { readOnly: true });
  assert.deepEqual(store.formerPlaces(), ['/former/place']);
  assert.equal(store.artefacts(runs[0] ?? '')[0]?.path, workspaceFolders(older).filesOfRun(runs[0] ?? '').weights);
  assert.ok(store.datasets().some(({ source }) => source === join(older, 'uploads', 'u1', 'faces')));
  store.close();
});

test('an exported plan carries what it needs, and gives the same parts where nothing else is', async () => {
  const options = optionsOf(copy, uploaded);
  const { store, plan, baseFolder } = options;
  const run = store.run(runs[0] ?? '');
  mkdirSync(baseFolder, { recursive: true });
  writeFileSync(join(baseFolder, 'start.safetensors'), 'weights');
  writeFileSync(join(baseFolder, 'pairs.txt'), 'pairs');
  const target = join(folder, 'exported');
  mkdirSync(target);
  const splitFolder = workspaceFolders(copy).split(run?.splitHash ?? '');
  const planned: Plan = {
    ...plan,
    model: { ...plan.model, weights: 'start.safetensors' },
    evaluation: { ...plan.evaluation, pairs: 'pairs.txt' },
  };
  const base = { store, baseFolder };
  const without = await portablePlan(join(folder, 'without'), planned, { base, seed: 1, splitFolder: null });
  assert.equal(without.data.source, join(copy, 'uploads', 'u1', 'faces'));
  const portable = await portablePlan(target, planned, { base, seed: 1, splitFolder });
  assert.deepEqual(
    [portable.model.weights, portable.evaluation.pairs, portable.data.source],
    ['files/start.safetensors', 'files/pairs.txt', 'faces'],
  );
  assert.equal(readFileSync(join(target, 'files', 'start.safetensors'), 'utf8'), 'weights');
  const contents = (split: Split, { images }: PreparedSet) =>
    Object.entries(split.parts).map(([part, indexes]) => [
      part,
      indexes.map((index) => `${images[index]?.identity} ${images[index]?.contentHash}`).sort(),
    ]);
  const dataset = await importFaces(options);
  const set = await prepareFaces(options, dataset);
  const before = contents((await auditFaces(options, set)).split, set);
  store.close();

  const elsewhere = {
    ...options,
    store: openStore(join(folder, 'third')),
    plan: experimentSchema.parse(JSON.parse(JSON.stringify(portable))),
    baseFolder: target,
  };
  const carried = await prepareFaces(elsewhere, await importFaces(elsewhere));
  assert.deepEqual(contents((await auditFaces(elsewhere, carried)).split, carried), before);
  elsewhere.store.close();
});

test('paths are relative below the workspace only', () => {
  const { stored, opened } = storedPaths('/data/work');
  for (const [path, kept] of [
    ['/data/work/uploads/a/b.png', 'uploads/a/b.png'],
    ['/data/work', '.'],
    ['/data/workshop/b.png', '/data/workshop/b.png'],
    ['/data/b.png', '/data/b.png'],
  ] as const) {
    assert.equal(stored(path), kept);
    assert.equal(opened(kept), path === '/data/work' ? '/data/work' : path);
  }
});

test('a picture of a run is found where its folder was moved to, unless its name is not its own', () => {
  const find = pictureFinder(['/new/s1/1.png', '/new/s2/1.png', '/new/a/s3/1.png', '/new/b/s3/1.png']);
  assert.equal(find('/new/s2/1.png'), 1);
  assert.equal(find('/old/s2/1.png'), 1);
  assert.equal(find('/old/s3/1.png'), undefined);
  assert.equal(find('/old/s9/1.png'), undefined);
});
