import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { unzipSync } from 'fflate';
import { pictureAddress, reportAddress, runArchiveAddress } from '../../src-shared/addresses.ts';
import type { CallInput, CallName, CallOutputs, WorkbenchEvent } from '../../src-shared/api.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { prepareSchema } from '../../src-shared/dataSchema.ts';
import { splitSchema } from '../../src-shared/splitSchema.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import type { Workbench } from '../../src-main/workbench/workbench.ts';
import { drawFaces } from '../drawnFaces.ts';
import { jobEnd } from '../jobEnd.ts';
import { waitFor, waitUntil } from '../waitUntil.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-workbench-'));
const faces = join(folder, 'drawn_faces');
before(() => drawFaces(faces, { people: 40, pictures: 10 }));
after(() => rmSync(folder, { recursive: true, force: true }));

function client(workbench: Workbench) {
  const events: WorkbenchEvent[] = [];
  workbench.subscribe((event) => events.push(event));
  const call = async <Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]> =>
    (await workbench.call(name, input)) as CallOutputs[Name];
  const ended = (job: Job): Promise<Job> => jobEnd(job, () => call('jobs.list', {}));
  return { call, ended, events };
}

const yaml = `name: Small &_duel
data: { source: ${faces} }
prepare: { inputSize: 32 }
model: { backbone: smallcnn, embeddingSize: 16 }
training: { epochs: 4, batchSize: 32, learningRate: 0.05 }
`;

test('faces are imported, shown, prepared, split and audited through calls', async () => {
  const workbench = openWorkbench({ workspace: join(folder, 'faces'), door: 'serve', roots: [faces] });
  try {
    const { call, ended, events } = client(workbench);
    const elsewhere = join(folder, 'elsewhere');
    for (const person of ['s1', 's2']) cpSync(join(faces, person), join(elsewhere, person), { recursive: true });
    await assert.rejects(call('datasets.import', { data: { source: elsewhere } }), /outside the folders/);
    workbench.open(elsewhere); // as the window tells of a drop
    assert.equal((await ended(await call('datasets.import', { data: { source: elsewhere } }))).state, 'done');
    for (const { hash } of await call('datasets.list', {})) await call('datasets.forget', { hash });
    const imported = await ended(await call('datasets.import', { data: { source: faces } }));
    assert.equal(imported.state, 'done', imported.fault?.message);
    const [dataset] = await call('datasets.list', {});
    assert.ok(dataset);
    assert.deepEqual(
      [dataset.hash, dataset.images, dataset.people, dataset.name],
      [imported.result, 400, 40, 'drawn_faces'],
    );
    const details = await call('datasets.show', { hash: dataset.hash });
    assert.deepEqual(details.histogram, [{ images: 10, people: 40 }]);
    const page = await call('datasets.pictures', { hash: dataset.hash, identity: 's7', offset: 8, limit: 10 });
    assert.deepEqual(
      [page.total, page.pictures.length, page.pictures[0]?.identity, page.pictures[0]?.width, page.pictures[0]?.height],
      [10, 2, 's7', 112, 112],
    );

    const sections = {
      data: dataset.data,
      prepare: prepareSchema.parse({ inputSize: 32 }),
      split: splitSchema.parse({ query: 0.2 }),
    };
    await assert.rejects(call('split.preview', sections), /not prepared at 32 pixels yet/);
    assert.equal(
      (await ended(await call('split.prepare', { data: sections.data, prepare: sections.prepare }))).state,
      'done',
    );
    const preview = await call('split.preview', sections);
    assert.deepEqual(
      preview.parts.map(({ part, people, images }) => [part, people, images]),
      [
        ['train', 28, 168],
        ['val', 28, 56],
        ['test', 28, 56],
        ['query', 8, 80],
        ['distractors', 4, 40],
      ],
    );
    const moved = await call('split.preview', {
      ...sections,
      split: {
        ...sections.split,
        assign: { [preview.persons.find((person) => person.part === 'training')?.identity ?? '']: 'query' },
      },
    });
    assert.equal(moved.parts.find(({ part }) => part === 'query')?.people, 9);
    const test = await call('split.pictures', { ...sections, part: 'test', identity: null, offset: 54, limit: 10 });
    assert.deepEqual(
      [test.total, test.pictures.length, test.pictures.every(({ part }) => part === 'test')],
      [56, 2, true],
    );
    const trained = preview.persons.find(({ part }) => part === 'training')?.identity ?? '';
    const ofOne = (await call('split.pictures', { ...sections, part: null, identity: trained, offset: 0, limit: 20 }))
      .pictures;
    assert.deepEqual(ofOne.map(({ part }) => part).sort(), [
      'test',
      'test',
      ...Array<string>(6).fill('train'),
      'val',
      'val',
    ]);
    assert.equal((await call('split.audit', sections)).blocking, 0);
    const created = await ended(await call('split.create', sections));
    assert.ok(existsSync(join(created.result ?? '', 'manifest.json')), created.fault?.message);

    const points = [20, 30, 60, 30, 40, 50, 25, 80, 55, 80];
    const corrected = await call('datasets.correct', { hash: dataset.hash, index: 3, landmarks: points });
    assert.deepEqual([corrected.landmarks, corrected.corrected], [points, true]);
    const shown = (await call('datasets.pictures', { hash: dataset.hash, identity: null, offset: 0, limit: 20 }))
      .pictures;
    assert.deepEqual(
      shown.find(({ index }) => index === 3),
      corrected,
    );
    assert.deepEqual([shown[9]?.name, shown[10]?.identity], ['s1/10.png', 's2']); // as people count
    assert.equal((await call('datasets.show', { hash: dataset.hash })).withLandmarks, 1);
    await assert.rejects(call('split.preview', sections), /not prepared/); // corrected pictures are another set
    // Preparing them left a row without its list: the screens called the dataset damaged.
    assert.equal(
      (await ended(await call('split.prepare', { data: sections.data, prepare: sections.prepare }))).state,
      'done',
    );
    const [anew] = await call('datasets.list', {});
    assert.equal((await call('datasets.show', { hash: anew?.hash ?? '' })).withLandmarks, 1);
    assert.equal((await call('split.preview', sections)).persons[1]?.identity, 's2');
    assert.equal(
      (await call('datasets.correct', { hash: anew?.hash ?? '', index: 3, landmarks: null })).landmarks,
      null,
    );
    assert.equal((await call('split.preview', sections)).hash, preview.hash);

    const original = await workbench.resource(
      pictureAddress({ kind: 'original', dataset: dataset.hash, index: 3, side: 64 }),
    );
    assert.equal((await sharp(original?.bytes).metadata()).height, 64);
    const face = await workbench.resource(pictureAddress({ kind: 'face', prepared: preview.prepared, index: 3 }));
    assert.deepEqual([(await sharp(face?.bytes).metadata()).width, face?.type], [32, 'image/webp']);
    for (const address of [
      'pictures/face/../../x/3',
      'reports/000000000000/..%2farcbench.db',
      'pictures/original/nothing/3?side=64',
      '',
    ]) {
      assert.equal(await workbench.resource(address).catch(() => null), null, address);
    }
    assert.ok(events.some((event) => event.event === 'datasets.changed'));
    assert.ok(events.some((event) => event.event === 'job' && event.payload.state === 'running'));
  } finally {
    await workbench.close();
  }
});

test('an experiment is kept, checked, run to its report, and its curves and notes are there', async () => {
  const workbench = openWorkbench({ workspace: join(folder, 'run'), door: 'serve', roots: [faces] });
  try {
    const { call, ended, events } = client(workbench);
    const faulty = await call('experiments.check', { yaml: 'name: x\ntraining:\n  epoch: 3\n' });
    assert.deepEqual([faulty.plan, faulty.fault?.line], [null, 3]);
    assert.match(faulty.fault?.message ?? '', /epochs/);
    const saved = await call('experiments.save', { id: null, yaml });
    assert.equal(saved.id, 'small-duel');
    assert.equal((await call('experiments.save', { id: null, yaml })).id, 'small-duel-2');
    const job = await ended(await call('experiments.start', { id: saved.id, interrupted: 'refuse' }));
    assert.equal(job.state, 'done', job.fault?.message);
    const runs = await call('runs.list', {});
    assert.deepEqual(
      runs.map((run) => [run.arm, run.status, run.epoch, run.epochs]),
      [
        ['cross-entropy', 'done', 4, 4],
        ['ArcFace', 'done', 4, 4],
      ],
    );
    const [first, second] = runs;
    assert.deepEqual(
      [
        await call('runs.list', { limit: 1 }),
        await call('runs.list', { limit: 5, before: { createdAt: second?.createdAt ?? '', id: second?.id ?? '' } }),
      ],
      [[second], [first]],
    );
    assert.ok(first && first.metrics['test/top1'] !== undefined && first.knobs['training.learningRate'] === '0.05');
    const compared = await call('runs.predictions', { first: [runs[0]!.id], second: [runs[1]!.id] });
    const [counts] = compared.seeds;
    assert.ok(counts);
    assert.deepEqual(
      [counts.seed, compared.onlyFirst.total, compared.onlySecond.total],
      [1, counts.onlyFirst, counts.onlySecond],
    );
    const total = counts.bothRight + counts.onlyFirst + counts.onlySecond + counts.bothWrong;
    assert.ok(
      Math.abs((counts.bothRight + counts.onlyFirst) / total - (first.metrics['test/top1'] ?? 0)) < 1e-9,
      'who is right agrees with the accuracy',
    );
    for (const picture of [...compared.onlyFirst.pictures, ...compared.onlySecond.pictures])
      assert.ok(picture.file.includes(`/${picture.identity}/`) && !picture.takenFor.includes(picture.identity));
    await assert.rejects(call('runs.predictions', { first: [runs[0]!.id], second: [] }), /one seed on one set/);
    const held = await call('runs.differences', { ids: runs.map((run) => run.id), against: runs[0]!.id });
    const ofTop1 = held.differences.find(({ metric }) => metric.key === 'test.top1');
    assert.deepEqual([ofTop1?.run, ofTop1?.seeds, held.unpaired], [runs[1]!.id, [1], []]);
    assert.ok(
      Math.abs(ofTop1!.mean - (runs[1]!.metrics['test/top1']! - runs[0]!.metrics['test/top1']!)) < 1e-12,
      'the difference is that of the two runs',
    );
    const turned = await call('runs.differences', { ids: runs.map((run) => run.id), against: runs[1]!.id });
    assert.equal(turned.differences.find(({ metric }) => metric.key === 'test.top1')?.mean, -ofTop1!.mean);
    await assert.rejects(
      call('runs.differences', { ids: [runs[0]!.id], against: runs[1]!.id }),
      /not among the evaluated runs/,
    );
    const curves = await call('runs.curves', { ids: runs.map((run) => run.id), names: ['val/accuracy'], points: 100 });
    assert.deepEqual(
      curves.map((curve) => [curve.epochs, curve.total]),
      [
        [[1, 2, 3, 4], 4],
        [[1, 2, 3, 4], 4],
      ],
    );
    const [part] = await call('runs.curves', {
      ids: [first.id],
      names: ['val/accuracy'],
      points: 100,
      range: { by: 'epoch', from: 3.5, to: 9 },
    });
    assert.deepEqual([part?.epochs, part?.total], [[3, 4], 2]);
    await assert.rejects(
      call('runs.curves', {
        ids: [first.id],
        names: ['val/accuracy'],
        points: 100,
        range: { by: 'step', from: 2, to: 1 },
      }),
      /range.*from must not lie above to/,
    );
    const told = events.flatMap((event) =>
      event.event === 'points' ? event.payload.points.filter((point) => point.name === 'val/accuracy') : [],
    );
    assert.equal(told.length, 8);
    await call('runs.annotate', { id: first.id, note: 'the base', starred: true });
    assert.deepEqual(
      [(await call('runs.show', { id: first.id })).note, (await call('runs.show', { id: first.id })).starred],
      ['the base', true],
    );

    const [report] = await call('reports.list', {});
    assert.equal(report?.title, 'Small &_duel'); // not as Markdown escapes it
    assert.ok(report);
    const shown = await call('reports.show', { id: report.id });
    assert.equal(shown.markdown, readFileSync(job.result ?? '', 'utf8'));
    assert.equal((await call('reports.write', { id: report.id })).markdown, shown.markdown);
    assert.equal((await workbench.resource(`reports/${report.id}.zip`))?.type, 'application/zip');
    const page = await workbench.resource(reportAddress(report, 'report.html'));
    assert.equal(page?.fileName, `report-${report.id}.html`, 'it is saved, never opened among the screens');
    const exported = await workbench.resource(runArchiveAddress(first.id));
    assert.equal(exported?.fileName, `run-${first.id}.zip`);
    const files = unzipSync(exported.bytes);
    for (const name of ['model.onnx', 'weights.safetensors', 'model/model.json', 'README.md', 'croissant.json'])
      assert.ok((files[`run-${first.id}/${name}`]?.length ?? 0) > 100, name);
    await assert.rejects(workbench.resource(runArchiveAddress('unknown')), /no run unknown/i);
    const remarked = await call('reports.remark', {
      id: report.id,
      section: 'limits',
      text: 'One lab, <b>one</b> day.',
    });
    assert.match(remarked.markdown, /> One lab, &lt;b>one&lt;\/b> day\.\n/);
    assert.equal((await call('reports.write', { id: report.id })).markdown, remarked.markdown);
    assert.equal(
      (await call('reports.remark', { id: report.id, section: 'limits', text: ' ' })).markdown,
      shown.markdown,
    );
    await call('runs.delete', { ids: [first.id] });
    assert.equal((await call('runs.list', {})).length, 1);
  } finally {
    await workbench.close();
  }
});

test('closing stops training with a checkpoint, and the next workbench goes on with it', async () => {
  const workspace = join(folder, 'closed');
  const first = openWorkbench({ workspace, door: 'serve', roots: [faces] });
  const saved = await client(first).call('experiments.save', {
    id: null,
    yaml: yaml.replace('epochs: 4', 'epochs: 300'),
  });
  await client(first).call('experiments.start', { id: saved.id, interrupted: 'refuse' });
  const firstPoints = new Promise<void>((resolve) => {
    const stop = first.subscribe((event) => {
      if (event.event === 'points') {
        stop();
        resolve();
      }
    });
  });
  await waitFor('the first points of a run', firstPoints);
  await first.close();
  const second = openWorkbench({ workspace, door: 'serve', roots: [faces] });
  try {
    const { call, ended } = client(second);
    const [run] = await call('runs.list', {});
    assert.equal(run?.status, 'cancelled');
    const refused = await ended(await call('experiments.start', { id: saved.id, interrupted: 'refuse' }));
    assert.match(refused.fault?.message ?? '', /was interrupted/);
    const job = await call('runs.resume', { id: run.id });
    const epochBefore = run.epoch;
    await waitUntil(
      `an epoch after epoch ${epochBefore}`,
      async () => (await call('runs.show', { id: run.id })).epoch > epochBefore,
    );
    assert.match(
      (await call('runs.show', { id: run.id })).events.map((event) => event.message).join('\n'),
      /Resumed at epoch/,
    );
    await call('jobs.stopAfterEpoch', { id: job.id });
    assert.equal((await ended(job)).state, 'cancelled');
  } finally {
    await second.close();
  }
});

test('wrong calls and inputs are answered with one sentence, and files from a browser stay below uploads', async () => {
  const workbench = openWorkbench({ workspace: join(folder, 'wrong'), door: 'serve', roots: [faces] });
  try {
    await assert.rejects(
      workbench.call('datasets.lis', {}),
      /There is no call 'datasets\.lis'; the nearest known name is 'datasets\.list'/,
    );
    await assert.rejects(workbench.call('constructor', {}), /There is no call/);
    await assert.rejects(workbench.call('datasets.show', { hash: '../x' }), /input of datasets\.show.*hash/);
    await assert.rejects(workbench.call('datasets.import', { data: { source: '/etc' } }), /outside the folders/);
    await assert.rejects(workbench.call('files.list', { path: join(faces, '..', '..') }), /outside the folders/);
    const { folder: upload } = await workbench.receive(
      { upload: 'mine', path: 'Ada L/1.png' },
      Readable.from([Buffer.from('x')]),
    );
    assert.equal(readFileSync(join(upload, 'Ada L', '1.png'), 'utf8'), 'x');
    for (const path of ['../1.png', 'a/../../1.png', '/1.png', 'a//b', 'a\0b', 'a\\..\\b'])
      await assert.rejects(workbench.receive({ upload: 'mine', path }, Readable.from(['x'])), /cannot be taken/, path);
    await assert.rejects(workbench.receive({ upload: '..', path: 'x' }, Readable.from(['x'])), /cannot be taken/);
    assert.throws(
      () => openWorkbench({ workspace: join(folder, 'wrong'), door: 'serve' }),
      /is open in this process already/,
    );
  } finally {
    await workbench.close();
  }
});
