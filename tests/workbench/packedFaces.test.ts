import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema, type Plan } from '../../src-shared/experiment.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import { readVerificationSet } from '../../src-main/data/verification/verificationSet.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';
import { packRecords } from '../../src-main/workbench/results/packRecords.ts';
import { packVerificationSet } from '../../src-main/workbench/results/packVerificationSet.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-packed-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const people = 8;
const common = {
  prepare: { inputSize: 32 },
  split: { query: 0.25, distractors: 0, minImages: 4 },
  model: { embeddingSize: 8 },
  training: { epochs: 1, batchSize: 8, learningRate: 0.02 },
  arms: [{ name: 'cross-entropy', loss: 'crossEntropy' }],
};
const demoPlan = experimentSchema.parse({ ...common, data: { demo: { people, imagesPerPerson: 6 } } });
const store = openStore(join(folder, 'workspace'));
after(() => store.close());
const optionsOf = (plan: Plan, own: Store = store) => ({
  store: own,
  plan,
  baseFolder: folder,
  rerunCommand: 'test',
  signal: new AbortController().signal,
  progress: { stage: () => undefined, notice: () => undefined, step: () => undefined },
});

const records = join(folder, 'records');
const recordPlan = (more: Readonly<Record<string, unknown>> = {}) =>
  experimentSchema.parse({ ...common, data: { source: records }, ...more });

test('packed faces are a source like any other, and packing them again changes no byte', async () => {
  const packed = await packRecords(optionsOf(demoPlan), { folder: records, part: 'all' });
  assert.deepEqual([packed.images, packed.people, packed.inputSize], [people * 6, people, 32]);
  const faces = await gatherSplit(optionsOf(recordPlan()));
  assert.equal(faces.dataset.layout, 'records');
  assert.match(faces.dataset.understood ?? '', /^8 people: the class labels of train\.rec, 48 pictures/);
  assert.deepEqual([faces.set.count, faces.set.rejected], [people * 6, []]);
  assert.ok(faces.dataset.images.every(({ width, height }) => width === 32 && height === 32));
  const [first] = readdirSync(join(faces.folder, 'train'));
  const copies = readdirSync(join(faces.folder, 'train', first ?? ''));
  assert.ok(copies.length > 0 && copies.every((name) => /^\d{10}@\d+\.jpg$/.test(name)), copies.join());
  const again = join(folder, 'again');
  await packRecords(optionsOf(recordPlan()), { folder: again, part: 'all' });
  assert.deepEqual(readFileSync(join(again, 'train.rec')), readFileSync(join(records, 'train.rec')));
  const train = join(folder, 'train-part');
  const part = await packRecords(optionsOf(recordPlan()), { folder: train, part: 'train' });
  assert.deepEqual([part.images, part.people], [faces.split.parts.train.length, faces.split.classes.length]);
  await assert.rejects(packRecords(optionsOf(recordPlan()), { folder: train, part: 'all' }), /is not empty/);
});

test('a record file that was replaced is prepared again', async () => {
  const before = (await gatherSplit(optionsOf(recordPlan()))).set;
  const rec = join(records, 'train.rec');
  const bytes = readFileSync(rec);
  writeFileSync(rec, bytes); // the same bytes at another time
  const set = (await gatherSplit(optionsOf(recordPlan()))).set;
  assert.equal(set.count, before.count);
});

const bin = join(folder, 'drawn.bin');

test('pairs are packed as a verification set, fold by fold', async () => {
  const { images } = (await gatherSplit(optionsOf(demoPlan))).set;
  const ofPerson = [...new Set(images.map(({ identity }) => identity))].map((identity) =>
    images.filter((image) => image.identity === identity).map(({ path }) => `${identity}/${basename(path)}`),
  );
  const lines = ofPerson.flatMap((files, person) => {
    const other = ofPerson[(person + 1) % people] as string[];
    return [`${files[0]} ${files[1]} 1`, `${files[2]} ${other[3]} 0`];
  });
  const list = join(folder, 'pairs.txt');
  writeFileSync(list, [...lines, 'Nobody/1.png Nobody/2.png 1', ''].join('\n'));
  const packed = await packVerificationSet(optionsOf(demoPlan), { file: bin, pairsFile: list });
  assert.deepEqual([packed.listed, packed.pairs, packed.genuine], [17, 16, 8]);
  const set = readVerificationSet(bin);
  assert.deepEqual([set.pictures.length, set.same.length], [32, 16]);
  await assert.rejects(packVerificationSet(optionsOf(demoPlan), { file: bin, pairsFile: list }), /is there already/);
  writeFileSync(list, 'Nobody/1.png Nobody/2.png 1\n');
  await assert.rejects(
    packVerificationSet(optionsOf(demoPlan), { file: join(folder, 'none.bin'), pairsFile: list }),
    /Of the 1 pairs in .*, 0 of one person and 0 of two are in the data/,
  );
});

test('runs are judged on verification sets, and a broken one is refused before any training', async () => {
  const plan = recordPlan({ evaluation: { sets: ['drawn.bin'] } });
  const options = optionsOf(plan);
  const [id = ''] = await trainArms(options, await gatherSplit(options), {
    interrupted: 'refuse',
    compiled: true,
    engine: 'cpu',
    evaluate: true,
  });
  const { evaluation } = store.result(id, 'summary') as TrainedSummary;
  const [judged] = evaluation?.sets ?? [];
  assert.deepEqual([judged?.name, judged?.genuine, judged?.impostors, judged?.folds.length], ['drawn', 8, 8, 10]);
  assert.ok(judged && judged.accuracy.total === 16 && judged.norm > 0);
  assert.equal((store.result(id, 'judged') as Record<string, number>)['set drawn'], judged.mean);

  const broken = join(folder, 'broken.bin');
  writeFileSync(broken, readFileSync(bin).subarray(0, 2000));
  const refused = async (sets: readonly string[], reason: RegExp) =>
    assert.rejects(gatherSplit(optionsOf(recordPlan({ evaluation: { sets } }))), reason);
  await refused(['broken.bin'], /broken\.bin cannot be read as a verification set: its pickle is broken/);
  await refused(['none.bin'], /none\.bin cannot be read as a verification set: it is not there/);
  await refused(['drawn.bin', './drawn.bin'], /evaluation\.sets names two files drawn\.bin/);
});
