import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import type { Dataset } from '../../src-main/data/dataset.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { correctLandmarks } from '../../src-main/data/landmarkCorrections.ts';
import type { HeaderMemory, PictureHeader } from '../../src-main/data/pictureHeader.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { recordFrames } from '../../src-main/data/records/recordFrames.ts';
import { makeWorkspaceFolders, workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';
import { writeSplitFolders } from '../../src-main/split/splitFolders.ts';
import { rememberLinked } from '../../src-main/workbench/experiment/rememberLinked.ts';
import { headersIn } from '../../src-main/workbench/experiment/gatherFaces.ts';
import { openStore } from '../../src-main/store/store.ts';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { splitSchema } from '../../src-shared/splitSchema.ts';
import { drawCourseArchive, trainHalf } from '../courseArchive.ts';
import { drawFaces } from '../drawnFaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-content-'));
const drawn = join(folder, 'drawn');
before(() => drawFaces(drawn, { people: 3, pictures: 4 }));
after(() => rmSync(folder, { recursive: true, force: true }));

const rule = splitSchema.parse({ query: 0, distractors: 0, minImages: 3 });

let sources = 0;
/** A copy of the drawn faces that a test may spoil, and how it is imported. */
function copied(): string {
  const source = join(folder, `faces ${sources++}`);
  cpSync(drawn, source, { recursive: true });
  return source;
}

/** A memory of headers that counts the pictures that had to be read. */
function countingMemory(): HeaderMemory & { readonly read: () => number } {
  const memory = new Map<string, PictureHeader>();
  let read = 0;
  return {
    known: (path) => memory.get(path) ?? null,
    keep: (headers) => {
      read += headers.length;
      for (const header of headers) memory.set(header.path, header);
    },
    read: () => read,
  };
}

async function read(source: string, options: { readonly headers?: HeaderMemory } = {}): Promise<Dataset> {
  await setTimeout(120); // a file that changed just now is not remembered
  return await importDataset(
    { ...dataSchema.parse({ source }), resolvedSource: source },
    { workspace: folder, ...options },
  );
}

/** Other content of the same length for a PNG or JPEG: its last pixels, or what follows them, are others. */
const otherBytes = (path: string): Buffer => {
  const bytes = readFileSync(path);
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
  return bytes;
};

const changes: readonly (readonly [name: string, change: (file: string) => void])[] = [
  [
    'written in place, with its length and time as they were',
    (file) => {
      const { atime, mtime } = statSync(file);
      writeFileSync(file, otherBytes(file));
      utimesSync(file, atime, mtime);
    },
  ],
  [
    'replaced by another file of the same length and time',
    (file) => {
      const { atime, mtime } = statSync(file);
      writeFileSync(`${file}.new`, otherBytes(file));
      utimesSync(`${file}.new`, atime, mtime);
      renameSync(`${file}.new`, file);
    },
  ],
  ['exchanged with a picture of the same person', (file) => copyFileSync(join(dirname(file), '3.png'), file)],
];
for (const [name, change] of changes) {
  test(`a picture makes another dataset if it is ${name}`, async () => {
    const source = copied();
    const headers = countingMemory();
    // Times of whole milliseconds, as utimes can set them again.
    for (const file of readdirSync(join(source, 's1'))) utimesSync(join(source, 's1', file), 1e9, 1e9);
    const before = await read(source, { headers });
    assert.equal((await read(source, { headers })).hash, before.hash);
    assert.equal(headers.read(), 12, 'nothing is read a second time');
    change(join(source, 's1', '2.png'));
    const after = await read(source, { headers });
    assert.notEqual(after.hash, before.hash);
    assert.equal(headers.read(), 13);
    assert.equal((await read(source)).hash, after.hash, 'a first look and a later one see the same');
  });
}

test('a mended EXIF turn is another dataset', async () => {
  const source = copied();
  const file = join(source, 's1', '2.png');
  await sharp(readFileSync(file)).withMetadata({ orientation: 6 }).png().toFile(`${file}.new`);
  renameSync(`${file}.new`, file);
  const turned = await read(source);
  await sharp(readFileSync(file)).withMetadata({ orientation: 1 }).png().toFile(`${file}.new`);
  renameSync(`${file}.new`, file);
  assert.notEqual((await read(source)).hash, turned.hash);
});

test('the same pictures are one dataset under another path, time or name, and are not prepared again', async () => {
  const source = copied();
  const workspace = join(folder, 'elsewhere');
  makeWorkspaceFolders(workspace);
  const prepare = (dataset: Dataset) => prepareDataset(dataset, prepareSchema.parse({ inputSize: 32 }), { workspace });
  const before = await read(source);
  const set = await prepare(before);
  const moved = join(folder, 'moved');
  renameSync(source, moved);
  utimesSync(join(moved, 's1', '2.png'), 1, 1);
  renameSync(join(moved, 's3', '4.png'), join(moved, 's3', '5.png')); // still the last one
  const after = await read(moved);
  assert.equal(after.hash, before.hash);
  const again = await prepare(after);
  assert.equal(again.hash, set.hash);
  assert.deepEqual(readdirSync(join(workspace, 'prepared')), [set.hash]);
  assert.deepEqual(
    again.images.map(({ path }) => path),
    after.images.map(({ path }) => path),
  );
  const split = makeSplit(again, rule);
  assert.equal(split.hash, makeSplit(set, rule).hash, 'its runs are found');
  await writeSplitFolders(again, split, join(workspace, 'splits', 'new')); // links to where the pictures are now
});

test('person, part and landmarks decide too', async () => {
  const list = join(folder, 'list.csv');
  const write = (...rows: readonly (readonly [file: string, person: string, part: string])[]) =>
    writeFileSync(list, ['path,identity,part', ...rows.map((row) => row.join(','))].join('\n'));
  const rows = [
    ['drawn/s1/1.png', 'Ann', 'train'],
    ['drawn/s1/2.png', 'Ann', 'test'],
    ['drawn/s2/1.png', 'Bo', 'train'],
  ] as const;
  write(...rows);
  const before = await read(list);
  const hashes = new Set([before.hash]);
  write(...rows.slice(0, 2), ['drawn/s2/1.png', 'Bo', 'val']);
  hashes.add((await read(list)).hash);
  write(...rows.slice(0, 2), ['drawn/s2/1.png', 'Cy', 'train']);
  hashes.add((await read(list)).hash);
  write(...rows.slice(0, 2), ['drawn/s2/2.png', 'Bo', 'train']);
  hashes.add((await read(list)).hash);
  write(...rows);
  assert.equal((await read(list)).hash, before.hash);
  await correctLandmarks(folder, before.images[2]?.contentHash ?? '', [30, 45, 62, 45, 46, 62, 33, 82, 60, 82]);
  hashes.add((await read(list)).hash);
  await correctLandmarks(folder, before.images[2]?.contentHash ?? '', null);
  assert.equal(hashes.size, 5);
});

test('a record file is known by its pictures, and the archive of the course by its files', async () => {
  const records = join(folder, 'records');
  mkdirSync(records);
  const write = (second: string) => {
    const payload = (label: number, file: string) => {
      const head = Buffer.alloc(24);
      head.writeFloatLE(label, 4);
      return Buffer.concat([head, readFileSync(file)]);
    };
    const files = ['s1/1.png', second, 's2/1.png', 's2/2.png'].map((name) => join(drawn, name));
    const frames = files.map((file, at) => recordFrames(payload(at >> 1, file)));
    writeFileSync(join(records, 'train.rec'), Buffer.concat(frames));
  };
  write('s1/2.png');
  const before = await read(records);
  assert.equal(before.images.length, 4);
  utimesSync(join(records, 'train.rec'), 1, 1);
  assert.equal((await read(records)).hash, before.hash);
  write('s1/3.png');
  assert.notEqual((await read(records)).hash, before.hash);

  const archive = join(folder, 'archive');
  await drawCourseArchive(archive, { people: 2, pictures: 5, queryPeople: 0, queryPictures: 0, distractors: 0 });
  const course = await read(archive);
  const pictures = join(archive, trainHalf, 'celebA_imgs');
  const [first = '', second = ''] = readdirSync(pictures).filter((name) => /^\d+\.jpg$/.test(name));
  copyFileSync(join(pictures, second), join(pictures, first));
  assert.notEqual((await read(archive)).hash, course.hash);
});

test('a list of the course that leads out of its folder is refused line by line', async () => {
  const archive = join(folder, 'outside');
  await drawCourseArchive(archive, { people: 2, pictures: 5, queryPeople: 0, queryPictures: 0, distractors: 0 });
  const half = join(archive, trainHalf);
  copyFileSync(join(drawn, 's1', '1.png'), join(half, 'secret.jpg'));
  for (const [list, value] of [
    ['celebA_anno.txt', '1'],
    ['celebA_train_split.txt', '0'],
  ] as const)
    appendFileSync(join(half, list), `\n../secret.jpg ${value}\n`);
  const { images, rejected } = await read(archive);
  assert.ok(images.every(({ path }) => dirname(path).endsWith('celebA_imgs')));
  assert.match(rejected[0]?.reason ?? '', /names '\.\.\/secret\.jpg': a picture's name without a folder/);
});

test('a picture that changes between import and preparation stops it in one sentence', async () => {
  const source = copied();
  const workspace = join(folder, 'changing');
  makeWorkspaceFolders(workspace);
  const dataset = await read(source);
  const file = join(source, 's2', '3.png');
  copyFileSync(join(source, 's2', '1.png'), file);
  const prepare = prepareSchema.parse({ inputSize: 32 });
  await assert.rejects(prepareDataset(dataset, prepare, { workspace }), {
    code: 'wrong-input',
    message: new RegExp('has changed since it was imported: leave the pictures as they are'),
  });
  rmSync(file);
  await assert.rejects(prepareDataset(dataset, prepare, { workspace }), {
    message: /3\.png is gone or cannot be read/,
  });
  assert.deepEqual(readdirSync(workspaceFolders(workspace).area('prepared')), []);
});

test('pictures that the folders of a split link to are not read again, unless their content changed', async () => {
  const source = copied();
  const store = openStore(join(folder, 'linked'));
  let fresh = 0;
  const headers = headersIn({
    picture: store.picture,
    savePictures: (pictures) => {
      fresh += pictures.length;
      store.savePictures(pictures);
    },
  });
  const dataset = await read(source, { headers });
  assert.equal(fresh, 12);
  const { workspace } = store;
  const set = await prepareDataset(dataset, prepareSchema.parse({ inputSize: 32 }), { workspace });
  const split = makeSplit(set, rule);
  for (let round = 0; round < 2; round++) {
    // The second time, the links of the first are removed, which changes the files' times once more.
    const { linked } = await writeSplitFolders(set, split, workspaceFolders(workspace).split(split.hash));
    assert.equal(linked.length, 12);
    await rememberLinked(store, linked);
    await read(source, { headers });
    assert.equal(fresh, 12);
  }
  const file = join(source, 's1', '1.png');
  const { atime, mtime } = statSync(file);
  writeFileSync(file, otherBytes(file));
  utimesSync(file, atime, mtime);
  const { linked } = await writeSplitFolders(set, split, workspaceFolders(workspace).split(split.hash));
  await rememberLinked(store, linked);
  assert.notEqual((await read(source, { headers })).hash, dataset.hash);
  store.close();
});

test('landmarks that an older version kept by path belong to the content of their picture from now on', async () => {
  const workspace = join(folder, 'older');
  makeWorkspaceFolders(workspace);
  const source = copied();
  const points = [30, 45, 62, 45, 46, 62, 33, 82, 60, 82];
  const { landmarks } = workspaceFolders(workspace);
  writeFileSync(landmarks, JSON.stringify({ [join(source, 's1', '1.png')]: points, '/elsewhere/1.png': points }));
  const importHere = (from: string) =>
    importDataset({ ...dataSchema.parse({ source: from }), resolvedSource: from }, { workspace });
  const before = await importHere(source);
  assert.deepEqual(before.images[0]?.landmarks, points);
  const kept = JSON.parse(readFileSync(landmarks, 'utf8')) as Record<string, unknown>;
  assert.deepEqual(Object.keys(kept).sort(), ['/elsewhere/1.png', before.images[0]?.contentHash].sort());
  renameSync(source, `${source} moved`);
  assert.deepEqual((await importHere(`${source} moved`)).images[0]?.landmarks, points);
});
