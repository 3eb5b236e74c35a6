import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { ancestrySchema, type Ancestry } from '../../src-shared/ancestry.ts';
import { experimentSchema, type Plan } from '../../src-shared/experiment.ts';
import { runFiles, workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { readSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { refuseFile } from '../../src-main/model/weights/storedTensor.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { pinStarts } from '../../src-main/workbench/experiment/pinStarts.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { gatherSplit, runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import { exportRun } from '../../src-main/workbench/results/export/exportRun.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-start-'));
const workspace = join(folder, 'workspace');
const exported = join(folder, 'exported');
const said: string[] = [];
let store: Store;
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const arcFace = { name: 'arcFace', marginRadians: 0.2, scale: 16 };
/** A rate so small that a run ends where it began, to single precision. */
const still = 1e-12;

interface Changes {
  readonly name: string;
  readonly arms: readonly object[];
  readonly model?: object;
  readonly training?: object;
  readonly split?: object;
  readonly inputSize?: number;
}

const planOf = ({ name, arms, model, training, split, inputSize = 32 }: Changes): Plan =>
  experimentSchema.parse({
    name,
    data: { source: 'demo', demo: { people: 8, imagesPerPerson: 8 } },
    prepare: { inputSize },
    split: { query: 0.25, distractors: 0.1, ...split },
    model: { embeddingSize: 8, ...model },
    training: { epochs: 1, batchSize: 8, learningRate: still, ...training },
    arms,
  });

const optionsOf = (plan: Plan): StageOptions => {
  const base = { store, baseFolder: folder };
  return {
    ...base,
    plan: pinStarts(plan, base),
    progress: { stage: () => undefined, step: () => undefined, notice: (text) => said.push(text) },
    signal: new AbortController().signal,
    rerunCommand: 'arcbench --run start.yaml',
  };
};
const trained = (plan: Plan) =>
  runExperiment(optionsOf(plan), { interrupted: 'refuse', compiled: true, engine: 'cpu' });
const ancestryOf = (id: string): Ancestry => ancestrySchema.parse(store.result(id, 'ancestry'));

/** The numbers of a run's file of weights, as the file has them. */
function numbersOf(file: 'weights' | 'head', id: string): Map<string, Float32Array> {
  const path = runFiles(workspaceFolders(workspace).run(id))[file];
  return new Map(
    [...readSafetensors(readFileSync(path), refuseFile(path))].map(([name, { values }]) => [name, values()]),
  );
}

/** The largest difference of each tensor that two runs have in common, except running statistics. */
function largestDifference(file: 'weights' | 'head', first: string, second: string): number {
  const own = numbersOf(file, first);
  let largest = 0;
  for (const [name, values] of numbersOf(file, second))
    if (own.has(name) && !name.includes('running'))
      for (const [at, value] of values.entries()) largest = Math.max(largest, Math.abs(value - own.get(name)![at]!));
  return largest;
}

let parent = '';
let report = '';
let warm = '';
let fresh = '';
let subCentres = '';
before(async () => {
  store = openStore(workspace);
  const softmax = planOf({
    name: 'Softmax',
    arms: [{ name: 'softmax', loss: 'crossEntropy' }],
    training: { learningRate: 0.05 },
  });
  [parent = ''] = (await trained(softmax)).runs;
  await exportRun(store, parent, { target: exported, pictures: false });
  const from = { settings: { 'model.from': parent.slice(0, 5) } };
  const experiment = await trained(
    planOf({
      name: 'Second',
      arms: [
        { name: 'fresh', loss: arcFace },
        { name: 'warm', loss: arcFace, ...from },
        { name: 'sub', loss: { ...arcFace, name: 'subCenterArcFace' }, ...from },
      ],
    }),
  );
  [fresh = '', warm = '', subCentres = ''] = experiment.runs;
  report = readFileSync(experiment.report, 'utf8');
});

test('a run starts from the weights of its parent, and from its class centres where they have one shape', () => {
  // A step at a rate of 1e-12 changes a weight by far less than 1e-6.
  assert.ok(largestDifference('weights', parent, warm) < 1e-6);
  assert.ok(largestDifference('head', parent, warm) < 1e-6);
  assert.ok(largestDifference('weights', parent, subCentres) < 1e-6);
  assert.ok(largestDifference('weights', parent, fresh) > 1e-4);
  assert.equal(ancestryOf(warm).classCentres, 'taken');
  assert.equal(ancestryOf(subCentres).classCentres, 'drawn');
  assert.equal(store.result(fresh, 'ancestry'), null);
  assert.ok(said.some((text) => text.startsWith(`Starts from run ${parent} (softmax, seed 1, of Softmax;`)));
});

test('the report names the start of each arm, and the verdict says that the arms do not start equally', () => {
  assert.match(report, /\*\*The arms do not start equally\*\*: fresh \(from no run\), warm \(`[0-9a-f]{12}`, with its/);
  assert.match(
    report,
    new RegExp(`warm: started from run \`${parent}\` of Softmax \\(softmax, seed 1, Cross-entropy, `),
  );
  assert.match(report, /sub: .* The class centres are drawn from the seed\./);
  assert.doesNotMatch(report, /A leak/); // one split: the parent saw the same training pictures
});

test('the weights decide which plan it is, and not the name of the run that they came from', () => {
  const plan = (from: string) => planOf({ name: 'Third', arms: [{ name: 'a', loss: arcFace }], model: { from } });
  const hashOf = (from: string) => planHash(pinStarts(plan(from), { store, baseFolder: folder }));
  cpSync(exported, join(folder, 'elsewhere'), { recursive: true });
  assert.equal(hashOf(parent), hashOf('elsewhere'));
  assert.equal(hashOf(parent), hashOf(pinStarts(plan(parent), { store, baseFolder: folder }).model.from));
  assert.notEqual(hashOf(parent), hashOf(warm));
  assert.notEqual(hashOf(parent), planHash(plan('none')));
  appendFileSync(join(folder, 'elsewhere', 'weights.safetensors'), '!');
  assert.notEqual(hashOf(parent), hashOf('elsewhere'));
});

const refusals: readonly { readonly from: () => string; readonly changes?: Partial<Changes>; readonly why: RegExp }[] =
  [
    { from: () => 'abcdefabcdef', why: /this workspace has no such run, and .*abcdefabcdef is no exported run: write/ },
    { from: () => 'no/such', why: /this workspace has no such run, and .*no\/such is no exported run/ },
    { from: () => '77770', why: /with which 2 runs begin \(777700000001, 777700000002\): write more of the id/ },
    { from: () => '777700000001', why: /which is queued: a finished run was expected/ },
    {
      from: () => parent,
      changes: { model: { embeddingSize: 16 } },
      why: /embeddings of 8 numbers, but .* 16 numbers:/,
    },
    { from: () => parent, changes: { inputSize: 48 }, why: /smallcnn, 32 pixels .* has smallcnn, 48 pixels/ },
    { from: () => parent, changes: { model: { backbone: 'resnet18' } }, why: /smallcnn, 32 .* but .* resnet18, 32/ },
    { from: () => `${parent}@${'0'.repeat(64)}`, why: /with other weights \(00000000\) than it has now/ },
  ];

test('a start that cannot be is refused in one sentence before anything is trained', async () => {
  const { planHash: hash, splitHash } = store.run(parent)!;
  for (const id of ['777700000001', '777700000002'])
    store.createRun({ id, experiment: 'Queued', arm: 'a', seed: 1, planHash: hash, splitHash });
  for (const { from, changes, why } of refusals) {
    const arms = [{ name: 'a', loss: arcFace }];
    const plan = planOf({ name: 'Refused', arms, ...changes, model: { ...changes?.model, from: from() } });
    await assert.rejects(async () => gatherSplit(optionsOf(plan)), { code: 'wrong-input', message: why });
  }
  for (const id of ['777700000001', '777700000002']) store.deleteRun(id);
  assert.throws(
    () => experimentSchema.parse({ model: { from: parent, weights: 'imagenet', backbone: 'resnet18' } }),
    /two starts, model.from and model.weights: keep one/,
  );
});

test('a parent that was trained on what its child is judged on is a leak: report and run name it', async () => {
  const { runs, report: path } = await trained(
    planOf({
      name: 'Another split',
      split: { seed: 2 },
      model: { from: exported },
      arms: [
        { name: 'a', loss: arcFace },
        { name: 'b', loss: 'crossEntropy' },
      ],
    }),
  );
  const { ancestors, leaks, classCentres } = ancestryOf(runs[0]!);
  assert.equal(ancestors[0]?.run, parent);
  assert.equal(classCentres, 'drawn'); // other people are in train
  const parentTrain = new Set(
    (
      JSON.parse(readFileSync(join(exported, 'split.json'), 'utf8')) as { files: { part: string; sha256: string }[] }
    ).files
      .filter(({ part }) => part === 'train')
      .map(({ sha256 }) => sha256),
  );
  const manifest = join(workspaceFolders(workspace).split(store.run(runs[0]!)!.splitHash), 'manifest.json');
  const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files: { part: string; sha256: string }[] };
  const seen = files.filter(({ part, sha256 }) => part === 'query' && parentTrain.has(sha256)).length;
  assert.ok(seen > 0, 'the two splits share a person of query');
  assert.equal(leaks.find(({ kind, part }) => kind === 'pictures' && part === 'query')?.count, seen);
  assert.ok(leaks.some(({ kind, part }) => kind === 'people' && part === 'query'));
  const text = readFileSync(path, 'utf8');
  assert.match(text, /\*\*A leak: the run that a and b started from, or one before it, was trained on/);
  assert.match(
    text,
    /a: The run that this one starts from, or one before it, was trained on \d+ (person|people) of query/,
  );
  assert.doesNotMatch(text, /do not start equally/);
  assert.ok(store.events(runs[0]!).some(({ kind, message }) => kind === 'warning' && /of query/.test(message)));
});

test('an exported run carries its start, and a run that starts from it knows all its ancestors', async () => {
  const target = join(folder, 'exported warm');
  await exportRun(store, warm, { target, pictures: false });
  const { ancestry } = JSON.parse(readFileSync(join(target, 'run.json'), 'utf8')) as { ancestry: unknown };
  assert.equal(ancestrySchema.parse(ancestry).ancestors[0]?.run, parent);
  assert.match(readFileSync(join(target, 'README.md'), 'utf8'), new RegExp(`Starts from run ${parent}`));
  // The plan of the export runs where the parent is not: its weights are beside it.
  const elsewhere = openStore(join(folder, 'another workspace'));
  const plan = experimentSchema.parse(parse(readFileSync(join(target, 'experiment.yaml'), 'utf8')));
  const pinned = pinStarts(plan, { store: elsewhere, baseFolder: target });
  elsewhere.close();
  assert.equal(pinned.arms[1]?.settings?.['model.from'], plan.arms[1]?.settings?.['model.from']);
  const arms = [{ name: 'a', loss: arcFace }];
  const [grandchild = ''] = (await trained(planOf({ name: 'Grandchild', arms, model: { from: target } }))).runs;
  assert.deepEqual(
    ancestryOf(grandchild).ancestors.map(({ run }) => run),
    [warm, parent],
  );
});
