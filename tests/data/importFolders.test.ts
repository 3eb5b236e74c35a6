import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { splitSchema } from '../../src-shared/splitSchema.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { Dataset } from '../../src-main/data/dataset.ts';
import { importDataset, type ImportOptions } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';
import { writeSplitFolders } from '../../src-main/split/splitFolders.ts';
import { drawFaces } from '../drawnFaces.ts';
import { sharedFaces } from '../sharedFaces.ts';

const scratch = mkdtempSync(join(tmpdir(), 'arcbench-folders-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
let picture: Buffer = Buffer.alloc(0);
before(async () => {
  picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#963' } })
    .png()
    .toBuffer();
});
let source = '';
let number = 0;
beforeEach(() => {
  source = join(scratch, `source-${++number}`);
  mkdirSync(source);
});

function write(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), picture);
  }
}
const numbered = (folder: string, count = 2): string[] =>
  Array.from({ length: count }, (_, at) => `${folder}/${at + 1}.png`);

const read = (people: Plan['data']['people'] = 'auto', options: Partial<ImportOptions> = {}): Promise<Dataset> =>
  importDataset(
    { ...dataSchema.parse({ source, people }), resolvedSource: source },
    { workspace: scratch, ...options },
  );
/** Pictures as 'part person path', or 'person path' without parts. */
const shown = ({ images }: Dataset): string[] =>
  images.map(({ part, identity, path }) => [part, identity, relative(source, path)].filter(Boolean).join(' ')).sort();
const people = ({ images }: Dataset): string[] => [...new Set(images.map(({ identity }) => identity))].sort();
const sentence = ({ understood = '' }: Dataset): string => understood.split('\n')[0] ?? '';
const leftOut = ({ rejected }: Dataset): string[] => rejected.map(({ path }) => relative(source, path));

test('folders train, val and test are parts, in any case and inside one more folder', async () => {
  for (const [around, train, val, testing] of [
    ['', 'train', 'val', 'test'],
    ['my archive/', 'Train', 'VALIDATION', 'Test'],
  ] as const) {
    source = join(scratch, `parts-${train}`);
    write(
      ...[train, val, testing].flatMap((part) =>
        ['Ann', 'Bo'].flatMap((who) => numbered(`${around}${part}/${who}`, 1)),
      ),
    );
    write(...numbered(`${around}${testing}/Cy`, 1));
    const dataset = await read();
    assert.deepEqual(dataset.images.map(({ identity, part }) => `${identity} ${part}`).sort(), [
      'Ann test',
      'Ann train',
      'Ann val',
      'Bo test',
      'Bo train',
      'Bo val',
      'Cy test',
    ]);
    assert.equal(
      dataset.partsGivenBy,
      `the folders ${[train, val, testing].sort().slice(0, 2).join(', ')} and ${[train, val, testing].sort()[2]}`,
    );
    assert.match(
      sentence(dataset),
      new RegExp(`^3 people: folders at level ${around === '' ? 2 : 3}, .*parts given by`),
    );
    assert.match(dataset.understood ?? '', /train\/ {2}2 people, 2 pictures/i);
  }
});

test('each other word for a part is understood, and the gallery is query or distractors by its people', async () => {
  for (const part of ['training', 'dev', 'valid', 'testing'])
    write(...numbered(`${part}/Ann`, 1), ...numbered(`${part}/Bo`, 1));
  write('probe/Cy/1.png', 'gallery/Cy/2.png', 'gallery/Dee/1.png');
  const dataset = await read();
  assert.deepEqual(
    shown(dataset).filter((line) => !/ (Ann|Bo) /.test(line)),
    ['distractors Dee gallery/Dee/1.png', 'query Cy gallery/Cy/2.png', 'query Cy probe/Cy/1.png'],
  );
  assert.deepEqual(
    ['train', 'val', 'test'].map((part) => dataset.images.filter((image) => image.part === part).length),
    [2, 4, 2],
  );
  assert.match(dataset.understood ?? '', /gallery go to query if their person stands there.*2 in query, 1 distractors/);
});

test('flat distractors are strangers, each of one picture', async () => {
  write(
    ...numbered('train/Ann'),
    ...numbered('train/Bo'),
    ...numbered('query/Cy'),
    'distractors/7.png',
    'distractors/8.png',
  );
  const dataset = await read();
  assert.deepEqual(
    shown(dataset).filter((line) => line.startsWith('distractors')),
    ['distractors distractor 7 distractors/7.png', 'distractors distractor 8 distractors/8.png'],
  );
  assert.match(dataset.understood ?? '', /distractors\/ {2}2 pictures, each of a stranger/);
});

test('pictures without a person in a source of parts are left out by name, and folders that are no part', async () => {
  write(
    ...numbered('train/Ann'),
    ...numbered('train/Bo'),
    ...numbered('test/Ann'),
    'train/stray.png',
    'extra/Cy/1.png',
    'x.png',
  );
  const dataset = await read();
  assert.deepEqual(people(dataset), ['Ann', 'Bo']);
  assert.deepEqual(leftOut(dataset).sort(), ['extra/Cy/1.png', 'train/stray.png', 'x.png']);
  assert.match(sentence(dataset), /3 pictures without a person left out/);
  assert.match(
    dataset.rejected.find(({ path }) => path.includes('extra'))?.reason ?? '',
    /beside the folders of parts/,
  );
});

/** How many pictures each part has. */
const counts = ({ images }: Dataset) => {
  const byPart = Map.groupBy(images, ({ part }) => part ?? 'none');
  return Object.fromEntries([...byPart].map(([part, own]) => [part, own.length]));
};

for (const [train, val, testing] of [
  ['train_set', 'val_set', 'test_set'],
  ['01_Train', '02_Valid', '03_Test'],
  ['Training Set', 'Validation Set', 'Test Set'],
  ['vggface2_train', 'vggface2_val', 'vggface2_test'],
  ['train-images', 'eval-images', 'test-images'],
  ['trainset', 'valset', 'testset'],
  ['trn', 'dev', 'tst'],
] as const) {
  test(`the folders ${train}, ${val} and ${testing} are parts too, and the import says which is which`, async () => {
    write(...[train, val, testing].flatMap((part) => ['Ann', 'Bo'].flatMap((who) => numbered(`${part}/${who}`))));
    const dataset = await read();
    assert.deepEqual(people(dataset), ['Ann', 'Bo']);
    assert.deepEqual(counts(dataset), { train: 4, val: 4, test: 4 });
    assert.match(dataset.understood ?? '', new RegExp(`${val}/ {2}val: 2 people, 4 pictures`));
  });
}

test('folders of parts are found beside notes and pictures of their wrapper, which are listed', async () => {
  write(
    ...['train', 'test'].flatMap((part) => ['Ann', 'Bo'].flatMap((who) => numbered(`data/${part}/${who}`))),
    'docs/figure.png',
    'preview.png',
  );
  const dataset = await read();
  assert.deepEqual(people(dataset), ['Ann', 'Bo']);
  assert.deepEqual(counts(dataset), { train: 4, test: 4 });
  assert.deepEqual(leftOut(dataset).sort(), ['docs/figure.png', 'preview.png']);
});

test('a folder between one of the parts and its people is entered, and one around all distractors', async () => {
  write(
    ...numbered('train/images/Ann'),
    ...numbered('train/images/Bo'),
    ...numbered('test/Ann'),
    'distractors/imgs/7.png',
    'distractors/imgs/8.png',
  );
  const dataset = await read();
  assert.deepEqual(people(dataset), ['Ann', 'Bo', 'distractor 7', 'distractor 8']);
  assert.deepEqual(counts(dataset), { train: 4, test: 2, distractors: 2 });
});

test('a flat probe and gallery go by the names of their files, beside folders of people in train', async () => {
  write(
    ...numbered('train/Ann'),
    ...numbered('train/Bo'),
    'probe/Cy_1.png',
    'probe/Di_1.png',
    'gallery/Cy_2.png',
    'gallery/Di_2.png',
    'gallery/Ed_1.png',
  );
  const dataset = await read();
  assert.deepEqual(counts(dataset), { train: 4, query: 4, distractors: 1 });
  assert.match(sentence(dataset), /, and in gallery, probe by the names of the files;/);
  source = join(scratch, 'flat-test');
  write(...numbered('train/Ann'), ...numbered('train/Bo'), 'test/Ann_7.png');
  assert.deepEqual(
    shown(await read()).filter((line) => line.startsWith('test')),
    ['test Ann test/Ann_7.png'],
  );
});

test("parts inside each person's folder are given parts", async () => {
  write(...['Ann', 'Bo', 'Cy'].flatMap((who) => [...numbered(`${who}/train`, 3), ...numbered(`${who}/test/day1`, 1)]));
  const dataset = await read();
  assert.deepEqual(people(dataset), ['Ann', 'Bo', 'Cy']);
  assert.deepEqual(counts(dataset), { train: 9, test: 3 });
  assert.equal(dataset.partsGivenBy, 'the folders test and train of each person');
});

test('a folder of folders among people is named, because it may hold people itself', async () => {
  write(...numbered('Ann'), ...numbered('Bo'), ...numbered('more/Cy'), ...numbered('more/Di'), ...numbered('Ed'));
  const { understood } = await read();
  assert.match(understood ?? '', /^more has no pictures of its own: its 2 folders, such as Cy, are taken for one/m);
});

test('a folder of pictures with a CSV of people beside it is answered with the CSV', async () => {
  write('images/1.png', 'images/2.png');
  writeFileSync(join(source, 'train.csv'), 'file,label\n1.png,Ann\n2.png,Bo\n');
  await assert.rejects(read(), { message: /; train\.csv in it lists pictures and people, so choose this file/ });
  source = join(source, 'img_align_celeba');
  write('000001.png');
  await assert.rejects(read(), { message: /the folder of CelebA's pictures, so choose the folder with its lists/ });
});

for (const files of [
  ['subject01.happy', 'subject01.sad', 'subject02.happy', 'subject02.sad'],
  ['Ann (1).png', 'Ann (2).png', 'Bo (1).png', 'Bo (2).png'],
  ['Ann1.png', 'Ann2.png', 'Bo1.png', 'Bo2.png'],
]) {
  test(`flat pictures called like ${files[0]} go by the person in their names`, async () => {
    write(...files);
    assert.deepEqual(counts(await read()), { none: 4 });
    assert.equal(people(await read()).length, 2);
  });
}

test('words that follow most people in flat file names are no part of their names, and families are', async () => {
  const looks = ['AN1.39', 'AN2.40', 'HA1.41', 'HA2.42'];
  write(...['KA', 'YM', 'NA'].flatMap((who) => looks.map((look) => `${who}.${look}.png`)));
  assert.deepEqual(people(await read()), ['KA', 'NA', 'YM']);
  source = join(scratch, 'poses');
  write(...['Ann_Lee', 'Bo_Lee', 'Cy_Ray'].flatMap((who) => ['left', 'right'].map((look) => `${who}-${look}-01.png`)));
  assert.deepEqual(people(await read()), ['Ann_Lee', 'Bo_Lee', 'Cy_Ray']);
  source = join(scratch, 'families');
  const family = ['Ann_Lee', 'Bo_Lee', 'Cy_Lee', 'Ann_Ray', 'Di_Ray'];
  write(...family.flatMap((who) => [1, 2].map((number) => `${who}_000${number}.png`)));
  assert.deepEqual(people(await read()), [...family].sort());
});

test('people who are called like parts stay people', async () => {
  write(...numbered('Dev'), ...numbered('Test'), ...numbered('Ann'));
  const dataset = await read();
  assert.deepEqual(people(dataset), ['Ann', 'Dev', 'Test']);
  assert.equal(dataset.partsGivenBy, undefined);
  // Nothing but two such folders: the knob says that they are people.
  rmSync(join(source, 'Ann'), { recursive: true });
  await assert.rejects(read(), /holds no pictures of people/);
  assert.deepEqual(people(await read(1)), ['Dev', 'Test']);
});

for (const [name, paths, wanted, level] of [
  ['shards', ['part_0/id_1', 'part_0/id_2', 'part_1/id_7'], ['id_1', 'id_2', 'id_7'], 2],
  [
    'WebFace',
    ['0/0_0/0_0_0000000', '0/0_1/0_1_0000001', '1/1_0/1_0_0000002', '1/1_0/1_0_0000003'],
    ['0_0_0000000', '0_1_0000001', '1_0_0000002', '1_0_0000003'],
    3,
  ],
  ['first letters', ['A/Ann', 'A/Abe', 'B/Bo'], ['Abe', 'Ann', 'Bo'], 2],
  ['cameras', ['cam1/Ann', 'cam1/Bo', 'cam2/Ann', 'cam2/Bo'], ['Ann', 'Bo'], 2],
  ['one folder around', ['set/Ann', 'set/Bo'], ['Ann', 'Bo'], 2],
  [
    'few groups of many people',
    ['African', 'Asian'].flatMap((group) => Array.from({ length: 20 }, (_, at) => `${group}/${group[1]}.${at}`)),
    null,
    2,
  ],
  ['sessions', ['Ann/session1', 'Ann/session2', 'Bo/session1'], ['Ann', 'Bo'], 1],
  ['dates', ['Ann/2019-03-04', 'Ann/2019-03-05', 'Bo/20200101_1'], ['Ann', 'Bo'], 1],
  ['CFP', ['001/frontal', '001/profile', '002/frontal', '002/profile'], ['001', '002'], 1],
  ['YouTube Faces', ['Ann/0', 'Ann/1', 'Bo/0', 'Bo/1', 'Cy/1'], ['Ann', 'Bo', 'Cy'], 1],
  ['videos by name', ['a', 'b', 'c', 'd'].map((who) => `id1000${who}/${who}Xk2`), null, 1],
] as const) {
  test(`people are found at their level: ${name}`, async () => {
    write(...paths.flatMap((path) => numbered(path)));
    const dataset = await read();
    if (wanted) assert.deepEqual(people(dataset), wanted);
    assert.match(sentence(dataset), new RegExp(`: folders at level ${level}, because `));
    assert.equal(dataset.images.length, 2 * paths.length);
    assert.deepEqual(dataset.rejected, []);
  });
}

test('a few pictures above the people are left out and counted, many make their folders people', async () => {
  write(...numbered('part_0/id_1', 40), ...numbered('part_1/id_2', 40), 'part_0/stray.png');
  const dataset = await read();
  assert.deepEqual(people(dataset), ['id_1', 'id_2']);
  assert.deepEqual(leftOut(dataset), ['part_0/stray.png']);
  assert.match(dataset.understood ?? '', /level 1: 2 folders, no people; 1 picture directly in them/);
  source = join(scratch, 'mixed');
  write(...numbered('Ann'), ...numbered('Ann/old'), ...numbered('Bo'), ...numbered('Bo/x'));
  assert.deepEqual(people(await read()), ['Ann', 'Bo']);
});

test('where two levels may be people, the import asks, and data.people answers', async () => {
  write(
    ...['Smith/Ann', 'Smith/Bo', 'Smith/Cy', 'Jones/Dee', 'Jones/Eve', 'Jones/Fay'].flatMap((path) => numbered(path)),
  );
  await assert.rejects(read(), {
    code: 'wrong-input',
    message:
      `In ${source}, the people may be the 2 folders such as Jones (level 1) or the 6 folders such as Dee (level 2) ` +
      "inside them: set data.people to 1 or 2, the level of the people's folders below the source, in the experiment " +
      'or where the faces are imported.',
  });
  assert.deepEqual(people(await read(1)), ['Jones', 'Smith']);
  assert.deepEqual(people(await read(2)), ['Ann', 'Bo', 'Cy', 'Dee', 'Eve', 'Fay']);
  await assert.rejects(read(3), /holds no pictures of people \(12 files were left out/);
});

test('shards that each count their people from 0 are not taken for people who stand in several', async () => {
  write(...['part_0/0', 'part_0/1', 'part_1/0', 'part_1/1'].flatMap((path) => numbered(path)));
  await assert.rejects(read(), /the people may be the 2 folders such as part_0 \(level 1\) or the 2 folders such as 0/);
});

test('VGGFace2 is read from train and test, with what identity_meta.csv says of its people', async () => {
  write('train/n000001/0001_01.png', 'train/n000002/0001_01.png', 'test/n000003/0002_01.png');
  writeFileSync(
    join(source, 'identity_meta.csv'),
    'Class_ID, Name, Sample_Num, Flag, Gender\nn000001, "Ann ""A"" Lee", 424, 0, f\nn000003, Bo, 3, 1, m\n',
  );
  const { images, partsGivenBy } = await read();
  assert.deepEqual(
    images.map(({ identity, part, attributes }) => [identity, part, attributes?.['Name'], attributes?.['Gender']]),
    [
      ['n000001', 'train', 'Ann "A" Lee', 'f'],
      ['n000002', 'train', undefined, undefined],
      ['n000003', 'test', 'Bo', 'm'],
    ],
  );
  assert.equal(partsGivenBy, 'the folders test and train');
});

test('flat pictures go by their names where these repeat, with parts or not', async () => {
  write('Ann_Lee_0001.png', 'Ann_Lee_0002.png', 'Bo-1.png', 'Bo-2.png', 'note_x.png', ...numbered('.', 0));
  assert.deepEqual(people(await read('fileName')), ['Ann_Lee', 'Bo']);
  rmSync(join(source, 'note_x.png'));
  const dataset = await read();
  assert.deepEqual(people(dataset), ['Ann_Lee', 'Bo']);
  assert.match(sentence(dataset), /^2 people: by the names of the files, because/);
  source = join(scratch, 'flat-parts');
  write('train/Ann_1.png', 'train/Ann_2.png', 'test/Ann_3.png', 'train/Bo_1.png', 'test/Bo_2.png');
  assert.deepEqual(
    shown(await read()).map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['test Ann', 'test Bo', 'train Ann', 'train Ann', 'train Bo'],
  );
});

test('pictures of a camera are not taken for people by their names', async () => {
  write('IMG_0001.png', 'IMG_0002.png', 'DSC_0001.png', 'DSC_0002.png');
  await assert.rejects(
    read(),
    /holds no pictures of people.*or set data\.people if another level of folders, or the names/,
  );
});

test('the two spellings of José are one person, in folders and in parts', async () => {
  const composed = 'Jos\u00e9';
  const decomposed = 'Jose\u0301';
  write(...numbered(`train/${composed}`), ...numbered(`test/${decomposed}`), ...numbered('train/Bo'));
  assert.deepEqual(people(await read()), ['Bo', composed]);
});

test('links out of the source are followed on the command line and not by screens', async () => {
  const elsewhere = join(scratch, 'elsewhere');
  mkdirSync(join(elsewhere, 'Cy'), { recursive: true });
  for (const file of ['a.png', 'Cy/b.png']) writeFileSync(join(elsewhere, file), picture);
  write(...numbered('Ann'), ...numbered('Bo'));
  symlinkSync(join(elsewhere, 'a.png'), join(source, 'Ann', 'linked.png'));
  symlinkSync(join(elsewhere, 'Cy'), join(source, 'Cy'));
  symlinkSync(source, join(source, 'Bo', 'around'));
  symlinkSync(join(source, 'Ann'), join(source, 'Bo', 'again'));
  const here = await read();
  assert.deepEqual(
    shown(here).filter((line) => /linked|Cy/.test(line)),
    ['Ann Ann/linked.png', 'Cy Cy/b.png'],
  );
  assert.deepEqual(leftOut(here), ['Bo/again']);
  assert.match(here.rejected[0]?.reason ?? '', /was read already, as .*Ann: remove one of the links/);
  const served = await read('auto', { roots: [source] });
  assert.deepEqual(people(served), ['Ann', 'Bo']);
  assert.deepEqual(leftOut(served), ['Ann/linked.png', 'Bo/again', 'Cy']);
  assert.match(served.rejected[0]?.reason ?? '', /where only the command line follows it/);
});

test("ArcBench's own split folders come back as they went, with the names that folders cannot have", async () => {
  const drawn = join(scratch, 'drawn');
  await drawFaces(drawn, { people: 9, pictures: 6 });
  const list = join(scratch, 'people.csv');
  const nameOf = (person: number) => (person === 1 ? 'Ann/Lee: "A"' : `s${person}`);
  // The template's five points in pixels of the drawn faces of 112 x 112.
  const points = [38, 52, 74, 52, 56, 72, 42, 92, 71, 92];
  const rows = Array.from({ length: 54 }, (_, at) => {
    const person = Math.floor(at / 6) + 1;
    return `drawn/s${person}/${(at % 6) + 1}.png,"${nameOf(person).replaceAll('"', '""')}",${points.join(',')}`;
  });
  writeFileSync(list, `path,identity,x0,y0,x1,y1,x2,y2,x3,y3,x4,y4\n${rows.join('\n')}\n`);
  const first = await importDataset(
    { ...dataSchema.parse({ source: list }), resolvedSource: list },
    { workspace: scratch },
  );
  const set = await prepareDataset(first, prepareSchema.parse({ inputSize: 32 }), { workspace: scratch });
  const split = makeSplit(set, splitSchema.parse({}));
  source = join(scratch, 'split');
  await writeSplitFolders(set, split, source);
  const back = await read();
  const contentOf = (path: string) => readFileSync(path).toString('base64');
  const before = (['train', 'val', 'test', 'query', 'distractors'] as const).flatMap((part) =>
    split.parts[part].map((index) =>
      [part, set.images[index]?.identity, contentOf(set.images[index]?.path ?? '')].join(),
    ),
  );
  assert.deepEqual(
    back.images.map(({ part, identity, path }) => [part, identity, contentOf(path)].join()).sort(),
    before.sort(),
  );
  assert.ok(back.images.every(({ landmarks }) => landmarks?.join() === points.join()));
  assert.equal(back.partsGivenBy, 'the split folders that ArcBench wrote');
  // What someone adds goes by its folder; what is missing is named.
  const manifest = JSON.parse(readFileSync(join(source, 'manifest.json'), 'utf8')) as { files: { file: string }[] };
  const gone = manifest.files[0]?.file ?? '';
  rmSync(join(source, gone));
  write('train/New/1.png');
  const changed = await read();
  assert.ok(shown(changed).includes('train New train/New/1.png'));
  assert.deepEqual(leftOut(changed), [gone]);
});

const { path: att, skip } = sharedFaces('att_faces');
test('real faces, a folder a person, keep their meaning', { skip }, async () => {
  source = att;
  const dataset = await read();
  assert.deepEqual([people(dataset).length, dataset.images.length, dataset.rejected.length], [40, 400, 0]);
  assert.match(sentence(dataset), /^40 people: folders at level 1, because no folders are inside them\.$/);
});
