import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { ancestrySchema, type Ancestry } from '../../src-shared/ancestry.ts';
import { experimentSchema, type Plan } from '../../src-shared/experiment.ts';
import { extendedPlan, rateAfter } from '../../src-shared/extension.ts';
import { addedEpochs, addedRate } from '../../src-main/doors/cli/extendFlags.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { readCheckpoint } from '../../src-main/train/checkpoint.ts';
import { deleteRun } from '../../src-main/workbench/experiment/deleteRun.ts';
import { withContent } from '../../src-main/workbench/experiment/gatherGiven.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { planToExtend } from '../../src-main/workbench/experiment/planToExtend.ts';
import { runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import { exportRun } from '../../src-main/workbench/results/export/exportRun.ts';
import { resultHash } from '../../src-main/workbench/results/resultHash.ts';
import { arcbench } from '../faults/faultExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-extend-'));
const workspace = join(folder, 'workspace');
const rerunCommand = 'arcbench --run duel.yaml';
let store: Store;
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A duel whose learning rate is constant, so that its extension is the same training without a break. */
const duel = (epochs: number): Plan =>
  experimentSchema.parse({
    name: 'Duel',
    data: { source: 'demo', demo: { people: 6, imagesPerPerson: 8 } },
    prepare: { inputSize: 32 },
    split: { query: 0.2, distractors: 0 },
    model: { embeddingSize: 8, dropout: 0.2 },
    training: { epochs, batchSize: 8, learningRate: 0.003, optimizer: 'adam', schedule: 'constant' },
    arms: [
      { name: 'CE', loss: 'crossEntropy' },
      { name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } },
    ],
  });
const said: string[] = [];
/** Runs a plan; a notice that matches `stopAt` stops it. */
const trained = (plan: Plan, stopAt?: RegExp) => {
  const stopper = new AbortController();
  const notice = (text: string) => {
    said.push(text);
    if (stopAt?.test(text)) stopper.abort();
  };
  return runExperiment(
    {
      store,
      plan,
      baseFolder: folder,
      progress: { stage: () => undefined, step: () => undefined, notice },
      signal: stopper.signal,
      rerunCommand,
    },
    { interrupted: 'resume', compiled: true, engine: 'cpu' },
  );
};
const byRule = (epochs: number) => ({ extension: { epochs, learningRate: null }, rerunCommand });
const ancestryOf = (id: string): Ancestry => ancestrySchema.parse(store.result(id, 'ancestry'));
const lossesOf = (id: string) => store.curve(id, 'train/loss').map(([, , value]) => value);
const lastState = (id: string) =>
  readCheckpoint(join(workspaceFolders(workspace).filesOfRun(id).checkpoints, 'last')).state;

let first: Awaited<ReturnType<typeof trained>>;
let firstReport = '';
let extended: Awaited<ReturnType<typeof trained>>;
before(async () => {
  store = openStore(workspace);
  first = await trained(duel(2));
  firstReport = readFileSync(first.report, 'utf8');
  extended = await trained(planToExtend(store, duel(2), byRule(1)));
});

test('at a constant rate, 2 epochs and 1 more are 3 epochs, to the bit', async () => {
  const whole = await trained(duel(3));
  for (const [at, id] of extended.runs.entries()) {
    assert.deepEqual(lossesOf(id), lossesOf(whole.runs[at]!).slice(2));
    const state = lastState(whole.runs[at]!);
    assert.ok(state.size > 20);
    for (const [name, values] of lastState(id)) assert.deepEqual(values, state.get(name), name);
  }
});

test('an extension is runs of their own with their parents, and leaves the finished runs and their report', () => {
  assert.equal(new Set([...first.runs, ...extended.runs]).size, 4);
  for (const [at, id] of extended.runs.entries()) {
    const { kind, optimizer, ancestors } = ancestryOf(id);
    assert.deepEqual([kind, optimizer, ancestors[0]?.run], ['extended', 'continued', first.runs[at]]);
    assert.equal(store.run(id)?.initialWeightsHash, store.run(first.runs[at]!)?.initialWeightsHash);
  }
  assert.equal(readFileSync(first.report, 'utf8'), firstReport);
  const report = readFileSync(extended.report, 'utf8');
  assert.match(report, /^# Duel, 1 more epoch$/m);
  assert.match(report, new RegExp(`- CE: seed 1 from run \`${first.runs[0]}\` \\(best epoch \\d of 2\\)`));
  assert.match(report, /They go on from the last epoch, with the state of the optimiser/);
  assert.match(report, /share the split, the initial backbone weights, the batch order and the augmentation draws/);
  assert.doesNotMatch(report, /do not start equally|is not paired/);
  assert.ok(said.some((text) => /^2 finished runs go on for 1 more epoch from the optimiser's state/.test(text)));
});

test('without the checkpoint of one run, all go on from weights; an extension of an extension names both', async () => {
  rmSync(workspaceFolders(workspace).filesOfRun(extended.runs[1]!).checkpoints, { recursive: true });
  const second = await trained(planToExtend(store, planToExtend(store, duel(2), byRule(1)), byRule(1)));
  for (const [at, id] of second.runs.entries()) {
    const { optimizer, ancestors } = ancestryOf(id);
    assert.equal(optimizer, 'fresh');
    assert.deepEqual(
      ancestors.map(({ run }) => run),
      [extended.runs[at], first.runs[at]],
    );
  }
  const report = readFileSync(second.report, 'utf8');
  assert.match(report, /They go on from the weights of the best epoch, and the optimiser starts again/);
  assert.equal(store.plan(store.run(second.runs[0]!)!.planHash)?.extends?.epochs, 3);
});

test('an extension that was stopped ends the same when it is resumed, even if its parent is gone', async () => {
  const solo = { ...duel(1), name: 'Solo', arms: duel(1).arms.slice(0, 1) };
  const [parent = ''] = (await trained(solo)).runs;
  const longer = planToExtend(store, solo, byRule(3));
  const [run = ''] = (await trained(longer)).runs;
  const whole = resultHash(store, run);
  deleteRun(store, run);
  await assert.rejects(trained(longer, /^epoch 1\/3/), { code: 'cancelled' });
  deleteRun(store, parent);
  await trained(longer);
  assert.equal(store.run(run)?.status, 'done');
  assert.equal(resultHash(store, run), whole);
  // One that has no checkpoint of its own yet cannot do without its parent.
  deleteRun(store, run);
  await assert.rejects(trained(longer), /CE, seed 1, has no finished run on these faces that could go on/);
});

test('a model that is there already is judged once more beside the runs that go on', async () => {
  await exportRun(store, first.runs[0]!, { target: join(folder, 'exported'), pictures: false });
  const written = experimentSchema.parse({
    ...duel(1),
    name: 'Beside',
    arms: [duel(1).arms[0], { name: 'theirs', onnx: 'exported/model.onnx' }],
  });
  const plan = await withContent(written, { store, baseFolder: folder });
  await trained(plan);
  const { runs } = await trained(planToExtend(store, plan, byRule(1)));
  const ofArm = (arm: string) => runs.filter((id) => store.run(id)?.arm === arm);
  const startOf = (arm: string) => ofArm(arm).map((id) => store.result(id, 'ancestry'));
  assert.equal(ancestrySchema.parse(startOf('CE')[0]).optimizer, 'continued');
  assert.deepEqual(startOf('theirs'), [null]);
  assert.ok(said.some((text) => /^1 finished run goes on for 1 more epoch from the optimiser's state/.test(text)));
});

test('an experiment with an unfinished run is refused: all arms go on together', () => {
  assert.throws(() => planToExtend(store, duel(7), byRule(1)), {
    code: 'wrong-input',
    message:
      'Duel cannot be extended: the run of CE, seed 1, is not finished, nor is 1 more, and all arms go on together. ' +
      'Finish it first with `arcbench --run duel.yaml --resume`.',
  });
  const [run = ''] = first.runs;
  store.updateRun(run, { status: 'cancelled' });
  assert.throws(() => planToExtend(store, duel(2), byRule(1)), /the run of CE, seed 1, is not finished, and all arms/);
  store.updateRun(run, { status: 'done' });
});

test('the learning rate goes on where the schedule ended above 0, and restarts at a tenth of it elsewhere', () => {
  const ruleOf = (schedule: object | string) => {
    const { training } = experimentSchema.parse({ training: { epochs: 10, learningRate: 0.1, schedule } });
    const { learningRate, name } = rateAfter(training);
    return [Number(learningRate.toPrecision(6)), name];
  };
  assert.deepEqual(ruleOf('constant'), [0.1, 'constant']);
  // Divided by ten after the epochs 4 and 8; that of epoch 10 would begin an epoch that there is not.
  assert.deepEqual(ruleOf({ name: 'step', stepEpochs: [4, 8, 10] }), [0.001, 'constant']);
  assert.deepEqual(ruleOf('cosine'), [0.01, 'cosine']);
  assert.deepEqual(ruleOf({ name: 'polynomial', warmupEpochs: 2 }), [0.01, 'cosine']);
});

test('arms with rates of their own keep them apart, and all arms get the same epochs', () => {
  const plan = experimentSchema.parse({
    training: { epochs: 10, learningRate: 0.1, marginWarmupEpochs: 2, freezeBackboneEpochs: 1 },
    arms: [
      { name: 'a', loss: 'crossEntropy' },
      { name: 'b', loss: 'arcFace', settings: { 'training.learningRate': 0.5, 'training.epochs': 30 } },
      { name: 'c', loss: 'cosFace', settings: { 'training.schedule.name': 'constant', 'training.batchSize': 32 } },
    ],
  });
  const hash = planHash(plan);
  const extension = { epochs: 5, learningRate: null };
  const longer = extendedPlan(plan, { hash, arms: plan.arms, seeds: plan.seeds, extension });
  assert.deepEqual(
    longer.arms.map(({ settings }) => settings),
    [
      undefined,
      { 'training.learningRate': 0.05 },
      { 'training.batchSize': 32, 'training.learningRate': 0.1, 'training.schedule.name': 'constant' },
    ],
  );
  const { epochs, marginWarmupEpochs, freezeBackboneEpochs } = longer.training;
  assert.deepEqual([epochs, marginWarmupEpochs, freezeBackboneEpochs], [5, 0, 0]);
  assert.deepEqual(longer.extends, { plan: hash, epochs: 30 });
  assert.deepEqual(experimentSchema.parse(longer), longer); // its file can be read again
  const set = extendedPlan(plan, { hash, arms: plan.arms, seeds: [1], extension: { epochs: 5, learningRate: 0.02 } });
  assert.equal(set.training.learningRate, 0.02);
  assert.equal(set.arms[1]?.settings?.['training.learningRate'], undefined);
  const halving = experimentSchema.parse({
    ...plan,
    arms: [plan.arms[0]],
    sweep: { knobs: { 'training.batchSize': [32, 64] }, halving: true },
  });
  const arms = { hash, arms: halving.arms, seeds: [1], extension };
  assert.throws(() => extendedPlan(halving, arms), /unequal epochs, so they cannot go on as equals/);
});

test('the command line extends an experiment and one run, and refuses what it cannot read', async () => {
  const file = join(folder, 'duel.yaml');
  writeFileSync(file, stringify(duel(2)));
  store.close();
  const flags = ['--workspace', workspace];
  const again = await arcbench(['--run', file, '--extend', '1', ...flags, '--json']).ended;
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual((JSON.parse(again.stdout) as { runs: string[] }).runs, extended.runs); // done already
  const one = await arcbench(['runs', 'extend', first.runs[0]!, '2', '--extend-rate', '0.001', ...flags, '--json'])
    .ended;
  assert.equal(one.code, 0, one.stderr);
  const { id } = JSON.parse(one.stdout) as { id: string };
  const shown = await arcbench(['runs', 'show', id, ...flags]).ended;
  assert.match(
    shown.stdout,
    new RegExp(`start    Goes on with run ${first.runs[0]} \\(CE, seed 1, of Duel; Cross-entropy`),
  );
  const refused = await arcbench(['--run', file, '--extend-rate', '0.1', ...flags]).ended;
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--extend-rate is the learning rate of added epochs: give --extend too/);
  for (const text of ['twenty', '0', '1.5', '10001', ''])
    assert.throws(
      () => addedEpochs(text),
      /a whole number of epochs from 1 to 10000 was expected, such as --extend 20/,
    );
  for (const text of ['-1', '0', '11', 'fast'])
    assert.throws(() => addedRate(text), /a learning rate above 0 and at most 10 was expected/);
  store = openStore(workspace);
  assert.equal(store.run(id)?.status, 'done');
});
