import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { openStore } from '../../src-main/store/store.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { importFaces, prepareFaces } from '../../src-main/workbench/experiment/gatherFaces.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { comparisonRuns } from '../../src-main/workbench/experiment/plannedRuns.ts';
import { runFacesOf } from '../../src-main/workbench/experiment/runFaces.ts';
import { writeExperimentReport } from '../../src-main/workbench/experiment/runExperiment.ts';
import { storedFaces } from '../../src-main/workbench/experiment/storedFaces.ts';
import { auditFaces, writeAuditedSplit } from '../../src-main/workbench/experiment/splitFaces.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import { drawFaces } from '../drawnFaces.ts';
import { arcbench } from '../faults/faultExperiment.ts';
import { jobEnd } from '../jobEnd.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-edited-'));
const source = join(folder, 'faces');
const without = join(folder, 'without');
const workspace = join(folder, 'workspace');
after(() => rmSync(folder, { recursive: true, force: true }));
before(async () => {
  await drawFaces(source, { people: 5, pictures: 6 });
  cpSync(source, without, { recursive: true });
  rmSync(join(without, 's1', '2.png'));
  rmSync(join(without, 's4'), { recursive: true });
});

/** What a test does with a workbench on the workspace; it is closed again. */
async function within<T>(
  use: (
    call: <N extends CallName>(name: N, input: CallInput<N>) => Promise<CallOutputs[N]>,
    imported: (from: string) => Promise<string>,
  ) => Promise<T>,
): Promise<T> {
  const workbench = openWorkbench({ workspace, door: 'serve', roots: [folder] });
  const call = <N extends CallName>(name: N, input: CallInput<N>) =>
    workbench.call(name, input) as Promise<CallOutputs[N]>;
  const imported = async (from: string) => {
    const job = await call('datasets.import', { data: { source: from } });
    return (await jobEnd(job, () => call('jobs.list', {}))).result ?? '';
  };
  try {
    return await use(call, imported);
  } finally {
    await workbench.close();
  }
}

/** What `arcbench --run` does with a source before and after training, without the training. */
async function gathered(from: string) {
  const store = openStore(workspace);
  const plan = experimentSchema.parse({
    name: 'Edited',
    data: { source: from },
    prepare: { inputSize: 32 },
    split: { distractors: 0, query: 0 },
    seeds: [1],
    arms: [{ name: 'CE', loss: { name: 'crossEntropy' } }],
  });
  const notices: string[] = [];
  const options: StageOptions = {
    store,
    plan,
    baseFolder: folder,
    progress: { stage: () => undefined, step: () => undefined, notice: (text) => notices.push(text) },
    signal: new AbortController().signal,
    rerunCommand: 'arcbench --run edited.yaml',
  };
  try {
    const dataset = await importFaces(options);
    const set = await prepareFaces(options, dataset);
    const audited = await auditFaces(options, set);
    const faces = { dataset, set, ...audited, ...(await writeAuditedSplit(options, set, audited)) };
    const hash = planHash(plan);
    store.savePlan(hash, plan);
    const [run] = comparisonRuns(store, plan, faces);
    assert.ok(run);
    const isKnown = store.run(run.id) !== null;
    if (!isKnown)
      store.createRun({
        id: run.id,
        experiment: 'Edited',
        arm: 'CE',
        seed: 1,
        planHash: hash,
        splitHash: run.split.hash,
      });
    store.saveResult(run.id, 'faces', runFacesOf(faces));
    const row = store.run(run.id);
    const report = readFileSync(await writeExperimentReport(options, faces), 'utf8');
    const manifest = readFileSync(join(faces.folder, 'manifest.json'), 'utf8');
    return { faces, isKnown, notices, report, manifest, kept: row && (await storedFaces(options, row)) };
  } finally {
    store.close();
  }
}
const page = { identity: null, offset: 0, limit: 100 };

test('what is excluded by hand stays in the dataset, and is in no set, no split and no count', async () => {
  const whole = await gathered(source);
  assert.doesNotMatch(whole.report + whole.manifest, /excluded/i);
  const hash = await within(async (call, imported) => {
    const own = await imported(source);
    const { pictures } = await call('datasets.pictures', { hash: own, ...page });
    const second = pictures.find(({ name }) => name === join('s1', '2.png'));
    assert.ok(second);
    const one = await call('datasets.exclude', { hash: own, people: [], pictures: [second.index], excluded: true });
    assert.equal(one.done, '1 picture excluded');
    await call('datasets.exclude', { hash: own, people: ['s4'], pictures: [], excluded: true });
    const details = await call('datasets.show', { hash: own });
    assert.deepEqual([details.images, details.people, details.excluded, details.undo], [23, 4, 7, '1 person excluded']);
    const left = await call('datasets.pictures', { hash: own, ...page, excluded: true });
    assert.deepEqual(
      [left.total, left.pictures[0]?.name, left.pictures[0]?.excluded],
      [7, join('s1', '2.png'), 'picture'],
    );
    assert.equal((await call('datasets.pictures', { hash: own, ...page })).total, 30);
    return own;
  });
  assert.equal(hash, whole.faces.dataset.hash);

  const edited = await gathered(source);
  const smaller = await gathered(without);
  assert.equal(edited.faces.dataset.hash, smaller.faces.dataset.hash, 'content decides');
  assert.notEqual(edited.faces.dataset.hash, whole.faces.dataset.hash);
  assert.equal(edited.faces.set.hash, smaller.faces.set.hash);
  assert.equal(edited.faces.set.count, 23);
  assert.match(edited.notices.join('\n'), /^7 pictures were excluded by hand/m);
  assert.match(edited.report, /7 pictures were excluded by hand, of 2 people/);
  assert.match(edited.report, /s1: s1\/2\.png/);
  assert.match(edited.report, /s4: s4\/1\.png, /);
  const listed = (JSON.parse(edited.manifest) as { excludedByHand: { file: string }[] }).excludedByHand;
  assert.deepEqual([listed.length, listed[0]?.file], [7, join('s1', '2.png')]);
  assert.doesNotMatch(smaller.report, /excluded/i);
  assert.equal(edited.kept?.dataset.excluded?.length, 7, 'a report that is written again says so too');
});

test('the command line says what was excluded', async () => {
  const { stdout } = await arcbench(['import', source, '--workspace', workspace]).ended;
  assert.match(stdout, /^23 images of 4 people/);
  assert.match(stdout, /^Excluded by hand in the app: 7, such as s1.2\.png\.$/m);
});

test('each exclusion is taken back by undo or by including, and the data are then what they were', async () => {
  await within(async (call, imported) => {
    const hash = await imported(source); // an import keeps what was excluded
    assert.equal((await call('datasets.show', { hash })).excluded, 7);
    const excluded = async () => (await call('datasets.show', { hash })).excluded;
    assert.equal((await call('datasets.undo', { hash })).done, '1 person excluded');
    assert.equal(await excluded(), 1);
    assert.equal((await call('datasets.show', { hash })).redo, '1 person excluded');
    assert.equal((await call('datasets.redo', { hash })).done, '1 person excluded');
    assert.equal(await excluded(), 7);
    assert.deepEqual(await call('datasets.redo', { hash }), { done: null });
    await call('datasets.undo', { hash });
    await call('datasets.exclude', { hash, people: ['s2'], pictures: [], excluded: true });
    assert.equal((await call('datasets.show', { hash })).redo, null, 'a new change drops what was undone');
    assert.deepEqual(await call('datasets.redo', { hash }), { done: null });
    const { pictures } = await call('datasets.pictures', { hash, ...page, excluded: true });
    const [one] = pictures.filter(({ identity }) => identity === 's2');
    assert.equal(one?.excluded, 'person');
    const again = await call('datasets.exclude', { hash, people: [], pictures: [one.index], excluded: false });
    assert.equal(again.done, '1 picture included again');
    assert.equal(await excluded(), 6, 'the other pictures of the person stay excluded');
    await call('datasets.exclude', { hash, people: ['s1', 's2'], pictures: [], excluded: false });
    assert.equal(await excluded(), 0);
    assert.deepEqual(await call('datasets.exclude', { hash, people: ['s1'], pictures: [], excluded: false }), {
      done: null,
    });
    await assert.rejects(call('datasets.exclude', { hash, people: ['nobody'], pictures: [], excluded: true }), {
      message: /There is no person nobody in/,
    });
  });
  const back = await gathered(source);
  assert.equal(back.faces.set.count, 30);
  assert.equal(back.isKnown, true, 'runs on the whole dataset are found again');
  assert.doesNotMatch(back.report, /excluded/i);
});

test('a split shows at once what was excluded or renamed since its faces were prepared', async () => {
  const { prepare, split } = experimentSchema.parse({
    prepare: { inputSize: 32 },
    split: { minImages: 2, query: 0, distractors: 0 },
  });
  await within(async (call, imported) => {
    const hash = await imported(source);
    const sections = { data: (await call('datasets.show', { hash })).data, prepare, split };
    const prepared = async () =>
      jobEnd(await call('split.prepare', { data: sections.data, prepare }), () => call('jobs.list', {}));
    await prepared();
    const whole = await call('split.preview', sections);
    assert.deepEqual(whole.excluded, { images: 0, people: 0 });
    const { pictures } = await call('split.pictures', { ...sections, part: null, identity: 's3', offset: 0, limit: 9 });
    const [first] = pictures;
    assert.ok(first);
    await call('datasets.exclude', { hash, people: ['s1'], pictures: [first.inDataset], excluded: true });
    await call('datasets.rename', { hash, person: 's2', name: 'a2', merge: false });

    const seen = await call('split.preview', sections);
    const shown = await call('split.pictures', { ...sections, part: null, identity: null, offset: 0, limit: 99 });
    const audited = await call('split.audit', sections);
    assert.deepEqual(seen.excluded, { images: 7, people: 1 });
    assert.equal(seen.prepared, whole.prepared, 'no face was cut again');
    assert.deepEqual([whole.preparedBefore, seen.preparedBefore], [false, true]);
    assert.ok(!shown.pictures.some(({ identity, index }) => identity === 's1' || index === first.index));

    await prepared();
    const after = await call('split.preview', sections);
    const again = await call('split.pictures', { ...sections, part: null, identity: null, offset: 0, limit: 99 });
    assert.notEqual(after.prepared, whole.prepared);
    const unplaced = ({ persons, ...rest }: typeof after) => ({
      ...rest,
      prepared: '',
      preparedBefore: false,
      persons: persons.map((person) => ({ ...person, first: 0 })),
    });
    assert.deepEqual(unplaced(after), unplaced(seen), 'and the split is the one that the prepared faces have');
    assert.deepEqual(
      again.pictures.map((picture) => ({ ...picture, index: 0 })),
      shown.pictures.map((picture) => ({ ...picture, index: 0 })),
    );
    assert.deepEqual(await call('split.audit', sections), audited);
    for (let step = 0; step < 2; step++) await call('datasets.undo', { hash });
    assert.deepEqual(await call('split.preview', sections), whole);
  });
});

test('the folders of a split are made without what was excluded since its faces were prepared', async () => {
  const { prepare, split } = experimentSchema.parse({
    prepare: { inputSize: 40 },
    split: { minImages: 2, query: 0, distractors: 0 },
  });
  await within(async (call, imported) => {
    const hash = await imported(source);
    const sections = { data: (await call('datasets.show', { hash })).data, prepare, split };
    const ended = async (name: 'split.prepare' | 'split.create') =>
      jobEnd(
        name === 'split.prepare' ? await call(name, { data: sections.data, prepare }) : await call(name, sections),
        () => call('jobs.list', {}),
      );
    await ended('split.prepare');
    await call('datasets.exclude', { hash, people: ['s5'], pictures: [], excluded: true });
    const { result } = await ended('split.create');
    const manifest = readFileSync(join(result ?? '', 'manifest.json'), 'utf8');
    const { hash: of } = await call('split.preview', sections);
    assert.ok(basename(result ?? '').startsWith(of.slice(0, 16)));
    assert.equal((JSON.parse(manifest) as { excludedByHand: unknown[] }).excludedByHand.length, 6);
    await call('datasets.undo', { hash });
  });
});

test('a start with fewer than two people left says so', async () => {
  await within(async (call, imported) => {
    const hash = await imported(source);
    await call('datasets.exclude', { hash, people: ['s1', 's2', 's3', 's4'], pictures: [], excluded: true });
  });
  await assert.rejects(gathered(source), {
    message: /^Everybody but one person in .* was excluded by hand: two people/,
  });
  await within(async (call, imported) => call('datasets.undo', { hash: await imported(source) }));
});
