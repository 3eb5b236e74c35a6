import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';
import { verifySplitFolders, writeSplitFolders } from '../../src-main/split/splitFolders.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { receiveFile } from '../../src-main/workbench/workspace/receiveFile.ts';
import type { CheckedExperiment } from '../../src-shared/answers/experimentAnswers.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { kinds } from './hostile/kinds.ts';
import { runHostile } from './hostile/hostileRuns.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-hostile-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const picture = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#a07050' } })
  .png()
  .toBuffer();
const fresh = (name: string) => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
};
const importOf = (source: string, options: { readonly roots?: readonly string[] } = {}) =>
  importDataset(
    { ...experimentSchema.parse({}).data, resolvedSource: source },
    { workspace: fresh('workspace'), ...options },
  );

// `npm run faults:hostile` runs 10,000, decompression bombs among them, which take too long for every day.
test(
  'hostile inputs of every kind: none crashes, hangs, takes memory, or leaves its folder',
  { timeout: 120_000 },
  async () => {
    const results = await runHostile({
      count: 700,
      seed: 2,
      kinds: kinds.map(({ name }) => name).filter((name) => !name.includes('bombs')),
    });
    assert.deepEqual(
      results.flatMap(({ faults }) => faults),
      [],
    );
    for (const { kind, taken, refused } of results)
      assert.ok(
        taken > 0 && refused > 0,
        `${kind}: ${taken} taken, ${refused} refused: the mutation is too weak or too strong`,
      );
  },
);

test('a name that is no UTF-8 is listed, and the rest is imported', async () => {
  const source = fresh('bytes');
  for (const person of ['one', 'two']) {
    mkdirSync(join(source, person));
    writeFileSync(join(source, person, 'a.png'), picture);
  }
  writeFileSync(
    Buffer.concat([Buffer.from(join(source, 'one/')), Buffer.from([0xff, 0xfe]), Buffer.from('.png')]),
    picture,
  );
  mkdirSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xe9, 0x80])]));
  const { images, rejected } = await importOf(source);
  assert.equal(images.length, 2);
  assert.equal(rejected.length, 2);
  for (const { reason } of rejected) assert.match(reason, /not valid UTF-8.*rename/);
});

test(
  'what is no file is not waited for: a pipe or a device as a source, a list or an experiment',
  { timeout: 10_000 },
  async () => {
    const source = fresh('pipes');
    execFileSync('mkfifo', [join(source, 'list.csv')]);
    await assert.rejects(
      importOf(join(source, 'list.csv')),
      /does not exist or cannot be read: set data\.source to a folder of people/,
    );
    await assert.rejects(importOf('/dev/zero'), /does not exist or cannot be read/);
    const celebA = fresh('pipes/celeba');
    mkdirSync(join(celebA, 'img_align_celeba'));
    for (const name of ['identity_CelebA.txt', 'list_landmarks_align_celeba.txt'])
      execFileSync('mkfifo', [join(celebA, name)]);
    await assert.rejects(importOf(celebA), /identity_CelebA\.txt cannot be used \(it is not a file\): a file inside/);
  },
);

test("CelebA's lists and pictures are not followed out of the folder", async () => {
  const outside = fresh('outside');
  const source = fresh('linked');
  mkdirSync(join(source, 'img_align_celeba'));
  writeFileSync(join(outside, 'secret.png'), picture);
  const lines = (text: (name: string, index: number) => string) =>
    ['000001.jpg', '000002.jpg', '000003.jpg'].map(text).join('\n');
  writeFileSync(
    join(source, 'identity_CelebA.txt'),
    lines((name, index) => `${name} ${index}`),
  );
  writeFileSync(
    join(source, 'list_landmarks_align_celeba.txt'),
    `3\nx\n${lines((name) => `${name} 10 12 30 12 20 20 12 30 28 30`)}`,
  );
  for (const name of ['000001.jpg', '000002.jpg']) writeFileSync(join(source, 'img_align_celeba', name), picture);
  symlinkSync(join(outside, 'secret.png'), join(source, 'img_align_celeba', '000003.jpg'));
  const screen = { roots: [source] };
  const { images, rejected } = await importOf(source, screen);
  assert.equal(images.length, 2);
  assert.equal((await importOf(source)).images.length, 3, 'on the command line, the source is the word of the user');
  assert.match(rejected.map(({ reason }) => reason).join('\n'), /symbolic link leads out of the source folder/);
  rmSync(join(source, 'list_landmarks_align_celeba.txt'));
  writeFileSync(join(outside, 'list'), 'x');
  symlinkSync(join(outside, 'list'), join(source, 'list_landmarks_align_celeba.txt'));
  await assert.rejects(
    importOf(source, screen),
    /list_landmarks_align_celeba\.txt cannot be used \(The symbolic link leads out of the source folder/,
  );
});

test('a CSV that a screen imports names no picture outside the folders that were opened', async () => {
  const outside = fresh('elsewhere');
  const source = fresh('opened');
  for (const path of [join(outside, 'x.png'), join(source, '1.png'), join(source, '2.png')])
    writeFileSync(path, picture);
  symlinkSync(join(outside, 'x.png'), join(source, 'link.png'));
  const list = join(source, 'list.csv');
  writeFileSync(
    list,
    `path,identity\n1.png,a\n2.png,b\n${join(outside, 'x.png')},a\n../elsewhere/x.png,b\nlink.png,b\n`,
  );
  const { images, rejected } = await importOf(list, { roots: [source] });
  assert.deepEqual([images.length, rejected.length], [2, 3]);
  for (const { reason } of rejected) assert.match(reason, /outside the folders that this workbench may open/);
  assert.equal(
    (await importOf(list)).images.length,
    4,
    "the headless door is the user's own and goes where the list says, once to each picture",
  );
});

test('an experiment of a served workbench reads weights, pairs and faces from opened folders alone', async () => {
  const workbench = openWorkbench({ workspace: fresh('served'), door: 'serve', roots: [fresh('opened')] });
  try {
    for (const text of [
      'evaluation: {pairs: /etc/passwd}',
      'model: {weights: /etc/passwd}',
      'arms: [{name: a, loss: arcFace, settings: {model.weights: /etc/passwd}}]',
      'data: {source: /etc}',
      'model: {from: /etc}',
      'arms: [{name: a, loss: arcFace, settings: {model.from: /etc}}]',
      'arms: [{name: a, onnx: /etc/passwd}, {name: b, loss: arcFace}]',
    ]) {
      const { id, fault } = (await workbench.call('experiments.save', { id: null, yaml: text })) as {
        id: string;
        fault: unknown;
      };
      assert.equal(fault, null, JSON.stringify(fault));
      await assert.rejects(
        async () => workbench.call('experiments.start', { id, interrupted: 'refuse' }),
        /\/etc.* lies outside the folders that this workbench may open/,
        text,
      );
    }
    // Nothing is told of what lies there, not even while the text is written.
    const exported = fresh('exported');
    writeFileSync(join(exported, 'run.json'), '{}');
    const said = async (from: string) =>
      ((await workbench.call('experiments.check', { yaml: `model: {from: ${from}}` })) as CheckedExperiment).advice
        .filter(({ knob }) => knob === 'model.from')
        .map(({ text, blocking }) => `${blocking} ${text.replaceAll(from, '')}`);
    assert.match((await said(exported)).join(), /^true .* lies outside the folders that this workbench may open/);
    assert.deepEqual(await said(exported), await said('/not/there'));
  } finally {
    await workbench.close();
  }
});

test('people with equal or useless names get folders of their own, and links are followed', async () => {
  const source = fresh('people');
  const people = [
    'a/b',
    'a_b',
    'a:b',
    'A_B',
    '..',
    '.',
    'n'.repeat(300),
    `${'n'.repeat(300)}m`,
    '../../escaped',
    'x\u0000y',
    'é',
  ];
  const files = people.map((_, index) => ['link.png', `${'y'.repeat(250)}.png`][index] ?? `${index}.png`);
  for (const file of files.slice(1)) writeFileSync(join(source, file), picture);
  symlinkSync('2.png', join(source, 'link.png'));
  const rows = people.map((person, index) => `${files[index]},"${person}"`);
  writeFileSync(join(source, 'list.csv'), `path,identity\n${rows.join('\n')}\n`);
  const plan = experimentSchema.parse({
    prepare: { inputSize: 32 },
    split: { duplicates: 'allow', minImages: 1, train: 1, val: 0, test: 0, query: 0, distractors: 0 },
  });
  const set = await prepareDataset(await importOf(join(source, 'list.csv')), plan.prepare, {
    workspace: fresh('workspace'),
  });
  const target = join(fresh('splits'), 'deep', 'deeper', 's');
  mkdirSync(join(target, '..'), { recursive: true });
  await writeSplitFolders(set, makeSplit(set, plan.split), target);
  assert.deepEqual(await verifySplitFolders(target), []);
  const folders = readdirSync(join(target, 'train'));
  assert.equal(new Set(folders.map((name) => name.toLowerCase())).size, people.length);
  assert.ok(
    folders.includes('é') &&
      folders.includes('A_B') &&
      !existsSync(join(folder, 'escaped')) &&
      !existsSync(join(folder, 'splits', 'escaped')),
  );
  for (const person of folders)
    for (const file of readdirSync(join(target, 'train', person)))
      assert.ok(lstatSync(join(target, 'train', person, file)).isFile(), `${person}/${file} is a link`);
  const { files: written } = JSON.parse(readFileSync(join(target, 'manifest.json'), 'utf8')) as {
    files: { identity: string }[];
  };
  assert.deepEqual(
    new Set(written.map(({ identity }) => identity)),
    new Set(people),
    'the manifest has the names as they are',
  );
});

test('an upload whose name is taken by a folder, or too long for the system, is refused in a sentence', async () => {
  const target = fresh('uploads');
  const send = (path: string) => receiveFile(target, { upload: 'u', path }, Readable.from([picture]));
  await send('a/b.png');
  for (const path of ['a', 'a/b.png/c.png', Array.from({ length: 16 }, () => 'n'.repeat(255)).join('/')])
    await assert.rejects(
      send(path),
      /cannot be kept: its name is too long for this system, or a file and a folder have the same name/,
      path.slice(0, 20),
    );
  assert.deepEqual(readdirSync(target), ['u']);
});

test('YAML nested without end is refused in a sentence', () => {
  for (const text of ['['.repeat(100_000), '{a: '.repeat(50_000), '- '.repeat(50_000)])
    assert.throws(() => parseExperiment(text, 'deep.yaml'), {
      name: 'ArcBenchError',
      message: 'deep.yaml, line 1: this is not valid YAML (it is nested too deep).',
    });
  assert.throws(
    () => parseExperiment(`name: ${'x'.repeat(2 ** 20)}`, 'long.yaml'),
    /long\.yaml has 1048582 characters, more than the 1048576/,
  );
});
