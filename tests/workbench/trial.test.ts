import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import type { TriedPicture } from '../../src-shared/answers/trialAnswers.ts';
import { readNpy } from '../../src-main/files/npyFile.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { drawnPortrait } from '../drawnPortrait.ts';
import { jobEnd } from '../jobEnd.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-embed-'));
const faces = join(folder, 'faces');
const workspace = join(folder, 'space');
const people = 8;
const pictures = 5;
let run = '';

interface Row {
  readonly identity: string;
  readonly file: string;
  readonly unit: Float32Array;
}

/** Runs a command; `code` is its exit code. */
function command(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args, '--workspace', workspace], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  return { code: status, stdout, stderr };
}

function json<T>(...args: readonly string[]): T {
  const { code, stdout, stderr } = command(...args, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

/** The rows of a folder that holds embeddings.npy and labels.tsv. */
function rowsOf(from: string): Row[] {
  const { values, size } = readNpy(join(from, 'embeddings.npy'));
  const [head, ...lines] = readFileSync(join(from, 'labels.tsv'), 'utf8').trimEnd().split('\n');
  const names = head!.split('\t');
  return lines.map((line, row) => {
    const cells = line.split('\t');
    const cell = (name: string) => cells[names.indexOf(name)]!;
    return { identity: cell('identity'), file: cell('file'), unit: values.subarray(row * size, (row + 1) * size) };
  });
}

const cosineOf = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
const largestGap = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, at) => Math.abs(value - b[at]!)));

before(async () => {
  for (let person = 1; person <= people; person++) {
    mkdirSync(join(faces, `s${person}`), { recursive: true });
    for (let picture = 1; picture <= pictures; picture++)
      writeFileSync(join(faces, `s${person}`, `${picture}.png`), await drawnPortrait(person, picture));
  }
  const experiment = join(folder, 'small.yaml');
  writeFileSync(
    experiment,
    `name: Small
data: { source: ${faces} }
prepare: { inputSize: 32, alignment: detect }
split: { query: 0.4, distractors: 0.1, minImages: 2, duplicates: allow }
model: { backbone: smallcnn, embeddingSize: 16 }
training: { epochs: 1, batchSize: 8, learningRate: 0.05 }
evaluation: { falsePositiveRates: [0.1, 0.01] }
`,
  );
  const { code, stderr } = command('--run', experiment);
  assert.equal(code, 0, stderr);
  run = json<{ id: string; arm: string }[]>('runs', 'list').find(({ arm }) => arm === 'ArcFace')?.id ?? '';
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("embed gives the dataset's own pictures the embeddings that the evaluation computed", () => {
  const target = join(folder, 'own');
  const result = json<{ faces: number; folder: string; skipped: unknown[] }>('embed', run, faces, '--to', target);
  assert.deepEqual([result.faces, result.skipped], [people * pictures, []]);
  const embedded = new Map(rowsOf(target).map((row) => [row.file, row]));
  const judged = rowsOf(join(workspace, 'runs', run));
  assert.ok(judged.length >= people, `${judged.length} pictures were judged`);
  for (const { file, identity, unit } of judged) {
    const own = embedded.get(file);
    assert.ok(own, file);
    assert.equal(own.identity, identity);
    assert.ok(largestGap(own.unit, unit) < 1e-5, `${file} is off by ${largestGap(own.unit, unit)}`);
  }
  assert.equal(statSync(target).mode & 0o777, 0o700, 'embeddings identify people');
});

test('pictures that the run has never seen are found, aligned and embedded as it did in training', async () => {
  // The same pixels in other files: nothing is known of them, so the detector and the alignment must do it all again.
  const copies = join(folder, 'copies');
  mkdirSync(copies);
  const judged = rowsOf(join(workspace, 'runs', run)).slice(0, 6);
  for (const [at, { file }] of judged.entries())
    writeFileSync(join(copies, `${at}.png`), await sharp(file).png({ compressionLevel: 1 }).toBuffer());
  assert.notEqual(readFileSync(join(copies, '0.png')).compare(readFileSync(judged[0]!.file)), 0);
  const target = join(folder, 'copied');
  json('embed', run, copies, '--to', target);
  for (const [at, { unit }] of rowsOf(target).entries()) assert.ok(largestGap(unit, judged[at]!.unit) < 1e-5, `${at}`);
  const [head, first] = readFileSync(join(target, 'faces.csv'), 'utf8')
    .split('\n')
    .map((line) => line.split(','));
  const value = (name: string) => Number(first![head!.indexOf(name)]);
  assert.ok(value('width') > 20 && value('left_eye_x') < value('right_eye_x'), 'the box and the points are there');
  assert.ok(value('left') <= value('left_eye_x') && value('right_eye_x') <= value('left') + value('width'));
});

test('every face of a picture is embedded, and a picture without one is named', async () => {
  const given = join(folder, 'given');
  mkdirSync(given);
  const portraits = [await drawnPortrait(1, 1), await drawnPortrait(2, 1)];
  const both = sharp({ create: { width: 400, height: 200, channels: 3, background: '#a0a8b0' } });
  writeFileSync(
    join(given, 'both.png'),
    await both
      .composite(portraits.map((input, at) => ({ input, left: 50 + at * 200, top: 40 })))
      .png()
      .toBuffer(),
  );
  writeFileSync(
    join(given, 'wall.png'),
    await sharp({ create: { width: 90, height: 90, channels: 3, background: '#806040' } })
      .png()
      .toBuffer(),
  );
  const target = join(folder, 'several');
  const files = ['both.png', 'wall.png'].map((name) => join(given, name));
  const all = json<{ faces: number; skipped: { file: string; reason: string }[] }>(
    'embed',
    run,
    ...files,
    '--to',
    target,
  );
  assert.equal(all.faces, 2);
  assert.deepEqual(
    all.skipped.map(({ file }) => basename(file)),
    ['wall.png'],
  );
  assert.match(all.skipped[0]!.reason, /No face was found/);
  const largest = json<{ faces: number }>('embed', run, files[0]!, '--largest', '--to', join(folder, 'largest'));
  assert.equal(largest.faces, 1);
  const whole = json<{ faces: number }>('embed', run, files[1]!, '--aligned', '--to', join(folder, 'aligned'));
  assert.equal(whole.faces, 1, 'an aligned face needs no detector');
});

test('compare gives the cosine, every threshold of the run, and the answer in one sentence', () => {
  const judged = rowsOf(join(workspace, 'runs', run));
  const first = judged[0]!;
  const second = judged.at(-1)!;
  interface Comparison {
    readonly cosine: number;
    readonly same: boolean;
    readonly answer: string;
    readonly thresholds: readonly { readonly falsePositiveRate: number; readonly threshold: number }[];
  }
  const compared = json<Comparison>('compare', first.file, second.file, '--run', run);
  assert.ok(Math.abs(compared.cosine - cosineOf(first.unit, second.unit)) < 1e-5);
  const [{ threshold } = { threshold: 0 }] = compared.thresholds;
  assert.equal(compared.same, compared.cosine > threshold);
  assert.match(compared.answer, /^The run takes the two faces for (one person|two people): their cosine of/);
  const itself = json<Comparison>('compare', first.file, first.file, '--run', run, '--fpr', '0.1');
  assert.ok(itself.same && itself.cosine > 0.9999);
});

test('wrong input is refused in one sentence, and nothing is written', () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['embed', 'nobody', faces], /There is no run nobody/],
    [['embed', run, join(folder, 'nowhere')], /There is no file or folder .*nowhere/],
    [['embed', run, faces, '--to', faces], /is there already/],
    [['compare', 'a.png', 'b.png'], /compare needs a trained run: add --run/],
    [['compare', 'a.png', 'b.png', '--run', run, '--fpr', '0.5'], /no threshold at --fpr 0.5: one of .* was expected/],
    [['compare', 'a.png', 'b.png', '--run', run], /a\.png cannot be compared/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = command(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, message, args.join(' '));
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('embeddings-')),
    [],
  );
});

/** The workbench on the workspace of the runs, with calls of the contract. */
function open() {
  const workbench = openWorkbench({ workspace, door: 'serve', roots: [faces] });
  const call = async <Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]> =>
    (await workbench.call(name, input)) as CallOutputs[Name];
  /** Sends a picture and looks at it. */
  const look = async (file: Buffer, { aligned = false, parts = 1 } = {}): Promise<TriedPicture> => {
    const picture = randomUUID();
    const size = Math.ceil(file.length / parts / 3) * 3;
    for (let part = 0; part < parts; part++) {
      const data = file.subarray(part * size, (part + 1) * size).toString('base64');
      await call('try.send', { picture, part, parts, data });
    }
    return await call('try.look', { picture, runs: [run], aligned });
  };
  const ended = (job: Job) => jobEnd(job, () => call('jobs.list', {}));
  return { workbench, call, look, ended };
}
/** Every file of the workspace but those of the database. */
const filesOfWorkspace = () =>
  readdirSync(workspace, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(arcbench\.db|writer)/.test(name))
    .sort();

test('a picture of a screen is looked at, compared and identified, and leaves nothing behind', async () => {
  const { workbench, call, look } = open();
  try {
    const before = filesOfWorkspace();
    const judged = rowsOf(join(workspace, 'runs', run));
    const first = judged[0]!;
    const second = judged.at(-1)!;
    const a = await look(readFileSync(first.file), { parts: 2 });
    const b = await look(readFileSync(second.file));
    assert.deepEqual([a.width, a.height, a.faces.length], [92, 112, 1]);
    assert.match(a.faces[0]!.aligned[0]!, /^data:image\/png;base64,/);
    const [cosine] = await call('try.compare', { runs: [run], first: a.faces[0]!.id, second: b.faces[0]!.id });
    assert.ok(Math.abs(cosine! - cosineOf(first.unit, second.unit)) < 1e-5);

    // Each person's mean without the picture itself, computed once more.
    const [found] = await call('try.identify', { runs: [run], face: a.faces[0]!.id });
    const means = [...Map.groupBy(judged, ({ identity }) => identity)].flatMap(([name, rows]) => {
      const others = rows.filter(({ file }) => file !== first.file);
      const sum = first.unit.map((_, column) => others.reduce((total, { unit }) => total + unit[column]!, 0));
      return others.length === 0 ? [] : [{ name, cosine: cosineOf(first.unit, sum) / Math.hypot(...sum) }];
    });
    const expected = means.toSorted((one, other) => other.cosine - one.cosine).slice(0, 5);
    assert.deepEqual(
      found!.nearest.map(({ name }) => name),
      expected.map(({ name }) => name),
    );
    found!.nearest.forEach((match, at) => assert.ok(Math.abs(match.cosine - expected[at]!.cosine) < 1e-4));
    assert.equal(found!.people, new Set(judged.map(({ identity }) => identity)).size);

    assert.deepEqual(filesOfWorkspace(), before, 'a picture that is tried is written nowhere');
  } finally {
    await workbench.close();
  }
});

test("the scale of a run counts the cosines of its held-out pairs, and has the run's thresholds", async () => {
  const { workbench, call } = open();
  try {
    const scale = await call('try.scale', { run });
    const lines = readFileSync(join(workspace, 'runs', run, 'labels.tsv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1);
    const rows = rowsOf(join(workspace, 'runs', run)).filter((_, at) => /query|distractors/.test(lines[at]!));
    const pairs = rows.flatMap((one, at) => rows.slice(at + 1).map((other) => ({ one, other })));
    const same = pairs.filter(({ one, other }) => one.identity === other.identity);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    assert.deepEqual([sum(scale.same), sum(scale.different)], [same.length, pairs.length - same.length]);
    // The mean of the bins is that of the cosines, but for half a bin.
    const mean = scale.same.reduce((total, count, bin) => total + count * (-1 + (2 * bin + 1) / 200), 0) / same.length;
    const exact = same.reduce((total, { one, other }) => total + cosineOf(one.unit, other.unit), 0) / same.length;
    assert.ok(Math.abs(mean - exact) < 0.005, `${mean} and ${exact}`);
    const details = await call('runs.show', { id: run });
    const rates = details.evaluation?.identification?.byPeople?.rates ?? [];
    for (const { falsePositiveRate, threshold } of scale.rates)
      assert.ok(rates.some((rate) => rate.falsePositiveRate === falsePositiveRate && rate.threshold === threshold));
    assert.equal(scale.of, 'held-out');
  } finally {
    await workbench.close();
  }
});

test('an enrolled person is found, kept for the owner only, and deleted without a trace', async () => {
  const { workbench, call, look } = open();
  const people = join(workspace, 'people');
  try {
    const stranger = await sharp(await drawnPortrait(20, 1))
      .jpeg()
      .toBuffer();
    const [face] = (await look(stranger)).faces;
    const [again] = (
      await look(
        await sharp(await drawnPortrait(20, 2))
          .jpeg()
          .toBuffer(),
      )
    ).faces;
    const ann = await call('people.enrol', { id: null, name: 'Ann', faces: [face!.id] });
    const more = await call('people.enrol', { id: ann.id, name: 'Ann', faces: [again!.id] });
    assert.deepEqual([more.id, more.pictures], [ann.id, 2]);
    const bob = await call('people.enrol', { id: null, name: 'Bob', faces: [again!.id] });
    assert.equal(statSync(join(people, ann.id)).mode & 0o777, 0o700);
    for (const file of readdirSync(join(people, ann.id)))
      assert.equal(statSync(join(people, ann.id, file)).mode & 0o777, 0o600, file);

    const [found] = await call('try.identify', { runs: [run], face: again!.id });
    const match = found!.nearest.find(({ enrolled }) => enrolled === bob.id);
    assert.ok(match && match.cosine > 0.9999, 'Bob was enrolled with this very picture');
    await call('people.delete', { id: bob.id });
    const [after] = await call('try.identify', { runs: [run], face: again!.id });
    assert.ok(!after!.nearest.some(({ enrolled }) => enrolled === bob.id));
    assert.deepEqual(readdirSync(people), [ann.id]);
    assert.deepEqual(
      (await call('people.list', {})).map(({ name }) => name),
      ['Ann'],
    );
    // One whose files are not whole is named, since the view cannot show it.
    rmSync(join(people, ann.id, '1'));
    assert.deepEqual(await call('people.list', {}), []);
    await call('people.delete', { id: null });
    assert.deepEqual(readdirSync(people), []);
    await assert.rejects(call('people.enrol', { id: bob.id, name: 'Bob', faces: [face!.id] }), /no longer enrolled/);
  } finally {
    await workbench.close();
  }
});

test('the map of a pair has the cosines with parts covered, and can be stopped', async () => {
  const { workbench, call, look, ended } = open();
  try {
    const first = (await look(await drawnPortrait(3, 1))).faces[0]!;
    const second = (await look(await drawnPortrait(4, 1))).faces[0]!;
    const pair = { run, first: first.id, second: second.id };
    const job = await ended(await call('try.explain', pair));
    assert.equal(job.state, 'done', job.fault?.message);
    const map = await call('try.explanation', { id: job.result ?? '' });
    assert.deepEqual([map.cells, map.first.length, map.second.length], [12, 144, 144]);

    // One cell once more: the aligned face with its grey square, as a picture of its own.
    const aligned = Buffer.from(first.aligned[0]!.split(',')[1]!, 'base64');
    const row = 4;
    const column = 5;
    const edge = (cell: number, sign: number) => Math.round(((cell + 0.5) * 32) / 12 + sign * 3.2);
    const left = edge(column, -1);
    const top = edge(row, -1);
    const square = { width: edge(column, 1) - left, height: edge(row, 1) - top, channels: 3, background: '#7f7f7f' };
    const covered = await sharp(aligned)
      .composite([{ input: { create: { ...square, channels: 3 } }, left, top }])
      .png()
      .toBuffer();
    const [face] = (await look(covered, { aligned: true })).faces;
    const [cosine] = await call('try.compare', { runs: [run], first: face!.id, second: second.id });
    assert.ok(Math.abs(map.first[row * 12 + column]! - (map.cosine - cosine!)) < 1e-4);

    const stopped = await call('try.explain', pair);
    await call('jobs.cancel', { id: stopped.id });
    assert.equal((await ended(stopped)).state, 'cancelled');
  } finally {
    await workbench.close();
  }
});

test('what cannot be looked at is said in one sentence', async () => {
  const { workbench, call, look } = open();
  try {
    const wall = sharp({ create: { width: 200, height: 200, channels: 3, background: '#806040' } });
    await assert.rejects(look(await wall.png().toBuffer()), { code: 'wrong-input', message: /^No face was found/ });
    await assert.rejects(look(Buffer.from('this is no picture at all')), { code: 'wrong-input' });
    await assert.rejects(call('try.look', { picture: 'gone', runs: [run], aligned: false }), /choose it again/);
    await assert.rejects(call('try.compare', { runs: [run], first: 'a', second: 'b' }), /choose its picture again/);
    await assert.rejects(call('try.scale', { run: 'nobody' }), /There is no run nobody/);
    await assert.rejects(call('try.send', { picture: 'p', part: 1, parts: 2, data: 'AAAA' }), /is missing/);
    assert.equal((await look(await wall.png().toBuffer(), { aligned: true })).faces.length, 1);
  } finally {
    await workbench.close();
  }
});
