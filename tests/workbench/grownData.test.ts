import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { experimentSchema } from '../../src-shared/experiment.ts';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { importFaces, prepareFaces } from '../../src-main/workbench/experiment/gatherFaces.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { comparisonRuns } from '../../src-main/workbench/experiment/plannedRuns.ts';
import { runFacesOf } from '../../src-main/workbench/experiment/runFaces.ts';
import { writeExperimentReport } from '../../src-main/workbench/experiment/runExperiment.ts';
import { auditFaces, writeAuditedSplit, type SplitFaces } from '../../src-main/workbench/experiment/splitFaces.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import { armDifferences } from '../../src-main/workbench/results/armDifferences.ts';
import { otherDataSentence } from '../../src-main/workbench/results/otherDataSentence.ts';
import { drawFaces } from '../drawnFaces.ts';
import { constructedModel } from '../report/constructedModel.ts';
import { arcbench } from '../faults/faultExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-grown-'));
const source = join(folder, 'faces');
const workspace = join(folder, 'workspace');
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = experimentSchema.parse({
  name: 'Grown',
  data: { source },
  prepare: { inputSize: 32 },
  split: { distractors: 0, query: 0 },
  arms: [
    { name: 'CE', loss: { name: 'crossEntropy' } },
    { name: 'ArcFace', loss: { name: 'arcFace' } },
  ],
});
/** What a run was judged as; the numbers do not matter here. */
const constructed = constructedModel('name: constructed', () => ({ val: 50, test: 48, separation: 0.4 }));
const optionsOf = (store: Store): StageOptions => ({
  store,
  plan,
  baseFolder: folder,
  progress: { stage: () => undefined, step: () => undefined, notice: () => undefined },
  signal: new AbortController().signal,
  rerunCommand: 'arcbench --run grown.yaml',
});

/** Imports, prepares and splits the faces as they are now; their runs are in the store as if they had trained. */
async function runOnce(options: StageOptions): Promise<{ readonly faces: SplitFaces; readonly runs: string[] }> {
  const { store } = options;
  const dataset = await importFaces(options);
  const set = await prepareFaces(options, dataset);
  const audited = await auditFaces(options, set);
  const faces = { dataset, set, ...audited, ...(await writeAuditedSplit(options, set, audited)) };
  const hash = planHash(plan);
  store.savePlan(hash, plan);
  const runs = comparisonRuns(store, plan, faces);
  for (const { id, arm, seed, split } of runs) {
    store.createRun({ id, experiment: plan.name, arm, seed, planHash: hash, splitHash: split.hash });
    store.saveResult(id, 'faces', runFacesOf(faces));
    store.saveResult(id, 'origin', { baseFolder: folder, rerunCommand: options.rerunCommand });
    store.saveResult(id, 'summary', constructed.runs[0]?.summary);
    store.updateRun(id, { status: 'done' });
  }
  return { faces, runs: runs.map(({ id }) => id) };
}

let first: Awaited<ReturnType<typeof runOnce>>;
let second: Awaited<ReturnType<typeof runOnce>>;
let firstReport = '';
let firstText = '';
let secondReport = '';
before(async () => {
  await drawFaces(source, { people: 4, pictures: 6 });
  const store = openStore(workspace);
  const options = optionsOf(store);
  first = await runOnce(options);
  firstReport = await writeExperimentReport(options, first.faces);
  firstText = readFileSync(firstReport, 'utf8');
  copyFileSync(join(source, 's1', '1.png'), join(source, 's2', '7.png'));
  appendFileSync(join(source, 's2', '7.png'), 'another picture');
  rmSync(join(source, 's3', '1.png'));
  copyFileSync(join(source, 's3', '2.png'), join(source, 's3', '1.png'));
  second = await runOnce(options);
  secondReport = await writeExperimentReport(options, second.faces);
  store.close();
});

test('a rerun on other data makes other runs and another report, and leaves the old report', () => {
  assert.equal(first.runs.length, 2);
  assert.equal(new Set([...first.runs, ...second.runs]).size, 4);
  assert.notEqual(dirname(firstReport), dirname(secondReport));
  assert.equal(readFileSync(firstReport, 'utf8'), firstText);
  assert.equal(readdirSync(join(workspace, 'reports')).length, 2);
});

test('the lists of runs say which data a run saw', async () => {
  const { stdout } = await arcbench(['runs', 'list', '--workspace', workspace]).ended;
  for (const { runs, faces } of [first, second])
    for (const run of runs) assert.match(stdout, new RegExp(`${run} .* data ${faces.dataset.hash.slice(0, 8)} `));
  const shown = await arcbench(['runs', 'show', first.runs[0] ?? '', '--workspace', workspace]).ended;
  assert.match(shown.stdout, /data {5}[0-9a-f]{12}, 24 pictures of 4 people/);
});

test('runs on two datasets are told apart in one sentence', () => {
  const store = openStore(workspace, { readOnly: true });
  const ids = [...first.runs, ...second.runs];
  const sentence = otherDataSentence(store, ids);
  const [a, b] = [first, second].map(({ faces }) => faces.dataset.hash.slice(0, 8));
  assert.equal(
    sentence,
    `These runs saw different data: ${a} (24 pictures of 4 people) and ${b} (25 pictures of 4 people). Only runs on ` +
      'the same data can be compared: start the experiment again, so that all its arms see the faces as they are now.',
  );
  const rows = ids.flatMap((id) => store.run(id) ?? []);
  assert.equal(armDifferences(store, rows, first.runs[0] ?? '').otherData, sentence);
  assert.equal(otherDataSentence(store, first.runs), null);
  store.close();
});

test('the report of what is in the store is written where the source is gone', async () => {
  const file = join(folder, 'grown.yaml');
  writeFileSync(file, stringify(plan));
  renameSync(source, `${source} away`);
  const { code, stdout, stderr } = await arcbench(['report', file, '--workspace', workspace]).ended;
  renameSync(`${source} away`, source);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `Report: ${secondReport}\n`);
  assert.match(stderr, /faces is not there: the report is on the data that the newest runs saw/);
});

test('a report of earlier data is written once more on these data, with its own remarks', async () => {
  const workbench = openWorkbench({ workspace, door: 'serve', roots: [folder] });
  const call = <N extends CallName>(name: N, input: CallInput<N>) =>
    workbench.call(name, input) as Promise<CallOutputs[N]>;
  try {
    const reports = await call('reports.list', {});
    const idOf = (path: string) => basename(dirname(path));
    assert.deepEqual(
      reports.map(({ id, data }) => [id, data?.images]).sort(),
      [
        [idOf(firstReport), 24],
        [idOf(secondReport), 25],
      ].sort(),
    );
    const remarked = await call('reports.remark', { id: idOf(firstReport), section: 'limits', text: 'Few pictures.' });
    assert.equal(remarked.id, idOf(firstReport));
    assert.match(remarked.markdown, /> Few pictures\./);
    assert.match(remarked.markdown, /\b24\b/);
    assert.doesNotMatch(readFileSync(secondReport, 'utf8'), /Few pictures/);
    assert.deepEqual((await call('reports.show', { id: idOf(secondReport) })).remarks, {});
    const both = (await call('runs.list', {})).map(({ data }) => data?.hash);
    assert.equal(new Set(both).size, 2);
    await assert.rejects(call('runs.predictions', { first: first.runs, second: second.runs }), {
      message: /^These runs saw different data/,
    });
  } finally {
    await workbench.close();
  }
});
