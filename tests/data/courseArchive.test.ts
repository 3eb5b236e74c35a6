import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { Dataset } from '../../src-main/data/dataset.ts';
import { decodeFace, type Cut } from '../../src-main/data/decodeFace.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { drawCourseArchive, retrievalHalf, smallRegion, trainHalf } from '../courseArchive.ts';
import { sharedFaces } from '../sharedFaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-course-'));
const archive = join(folder, 'archive');
before(() => drawCourseArchive(archive, { people: 3, pictures: 5, queryPeople: 2, queryPictures: 3, distractors: 4 }));
after(() => rmSync(folder, { recursive: true, force: true }));

const read = (source: string, layout = 'auto') =>
  importDataset({ ...dataSchema.parse({ source, layout }), resolvedSource: source }, { workspace: folder });

/** A copy of the drawn archive that a test may spoil. */
function copied(name: string): string {
  cpSync(archive, join(folder, name), { recursive: true });
  return join(folder, name);
}

/** Pictures and people of each part. */
function counts({ images }: Dataset): Record<string, readonly [pictures: number, people: number]> {
  const byPart = Map.groupBy(images, ({ part }) => part ?? 'none');
  return Object.fromEntries(
    [...byPart].map(([part, own]) => [part, [own.length, new Set(own.map(({ identity }) => identity)).size]]),
  );
}
const train = { train: [9, 3], val: [3, 3], test: [3, 3] };
const retrieval = { query: [6, 2], distractors: [4, 4] };

test('both halves are read with their parts, and what was understood is said', async () => {
  const dataset = await read(archive);
  assert.equal(dataset.layout, 'course');
  assert.deepEqual(counts(dataset), { ...train, ...retrieval });
  assert.deepEqual(dataset.rejected, []);
  assert.equal(dataset.partsGivenBy, "the course's archive");
  assert.equal(
    dataset.understood,
    "The course's archive, both halves, with the parts that its lists give:\n" +
      '  celebA_train_500: 3 people, 9 train, 3 val and 3 test pictures; 1 picture that no list names is left out\n' +
      '  celebA_ir: 2 query people with 6 pictures, 4 distractors, each a stranger',
  );
  // Query person 0 and person 0 in training are two people.
  const identities = new Set(dataset.images.filter(({ part }) => part === 'query').map(({ identity }) => identity));
  assert.deepEqual([...identities], ['query 0', 'query 1']);
});

test('each half may come alone, under another name, as the source itself or one folder deeper', async () => {
  for (const [half, expected] of [
    [trainHalf, train],
    [retrievalHalf, retrieval],
  ] as const) {
    assert.deepEqual(counts(await read(join(archive, half))), expected);
    const renamed = join(folder, `my faces ${half}`);
    cpSync(join(archive, half), join(renamed, 'unpacked here'), { recursive: true });
    const dataset = await read(renamed);
    assert.deepEqual(counts(dataset), expected);
    assert.match(dataset.understood ?? '', /archive, only unpacked here,/);
  }
  const nested = join(folder, 'nested');
  cpSync(archive, join(nested, 'facerecognition_hw'), { recursive: true });
  assert.deepEqual(counts(await read(nested)), { ...train, ...retrieval });
});

test('an archive is found deep in other folders, and a second copy of a half is named', async () => {
  const deep = join(folder, 'deep');
  for (const half of [trainHalf, retrievalHalf])
    cpSync(join(archive, half), join(deep, 'Downloads', 'hw', half, half), { recursive: true });
  assert.deepEqual(counts(await read(deep)), { ...train, ...retrieval });
  const twice = copied('twice');
  cpSync(join(twice, trainHalf), join(twice, `${trainHalf} (1)`), { recursive: true });
  const dataset = await read(twice);
  assert.deepEqual(counts(dataset), { ...train, ...retrieval });
  assert.match(dataset.understood ?? '', /celebA_train_500 \(1\) holds a half once more, and was not read$/);
});

test('a half without one of its lists or its pictures is named, and nothing is read without it', async () => {
  for (const [half, piece] of [
    [trainHalf, 'celebA_train_split.txt'],
    [trainHalf, 'celebA_anno.txt'],
    [trainHalf, 'celebA_imgs'],
    [retrievalHalf, 'celebA_anno_query.csv'],
    [retrievalHalf, 'celebA_query'],
  ] as const) {
    const source = copied(`without ${piece}`);
    rmSync(join(source, half, piece), { recursive: true });
    await assert.rejects(read(source), {
      code: 'wrong-input',
      message: new RegExp(`${half} is a half of the course's archive, but ${piece} is not there: unpack`),
    });
  }
  const source = copied('without distractors');
  rmSync(join(source, retrievalHalf, 'celebA_distractors'), { recursive: true });
  assert.match((await read(source)).understood ?? '', /no distractors, because celebA_distractors is not there/);
});

test('lists as Windows, spreadsheets and pandas write them are read', async () => {
  const forms: Readonly<Record<string, readonly [inText: (text: string) => string, inCsv: (text: string) => string]>> =
    {
      'Windows line ends, marks and blanks': [
        (text) => `\ufeff${text.replaceAll(' ', ' \t ').replaceAll('\n', '  \r\n\r\n')}`,
        (text) => `\ufeff${text.replaceAll(',', ' , ')}`,
      ],
      'old line ends and semicolons': [(text) => text.replaceAll('\n', '\r'), (text) => text.replaceAll(',', ';')],
      'words, quotes and another header': [
        (text) => text.replaceAll(' 0\n', ' Train\n'),
        (text) => text.replace('img,id', 'image,person').replaceAll(/[^,\n]+/g, '"$&"'),
      ],
      'folders and numbers of rows': [
        (text) => text.replaceAll(/^(?=.)/gm, './celebA_imgs/'),
        (text) => text.replaceAll(/^(?=5)/gm, '7,').replace('img', ',img'),
      ],
      'names in capitals, columns exchanged': [
        (text) => text.replaceAll('.jpg', '.JPG'),
        (text) => text.replaceAll(/^(.+),(.+)$/gm, '$2,$1'),
      ],
    };
  for (const [form, [inText, inCsv]] of Object.entries(forms)) {
    const source = copied(form);
    const change = (file: string, how: (text: string) => string) =>
      writeFileSync(join(source, file), how(readFileSync(join(source, file), 'utf8')));
    // Only parts are written in words.
    if (!form.startsWith('words')) change(join(trainHalf, 'celebA_anno.txt'), inText);
    change(join(trainHalf, 'celebA_train_split.txt'), inText);
    change(join(retrievalHalf, 'celebA_anno_query.csv'), inCsv);
    const dataset = await read(source);
    assert.deepEqual([form, counts(dataset)], [form, { ...train, ...retrieval }]);
    assert.deepEqual(dataset.rejected, []);
  }
});

test('pictures are found by their names in another case or one folder deeper, and each left out is said', async () => {
  const source = copied('renamed');
  for (const pictures of [join(trainHalf, 'celebA_imgs'), join(retrievalHalf, 'celebA_distractors')]) {
    const inside = join(source, pictures);
    renameSync(inside, join(source, 'moved'));
    mkdirSync(inside);
    renameSync(join(source, 'moved'), join(inside, basename(inside)));
  }
  const query = join(source, retrievalHalf, 'celebA_query');
  for (const file of readdirSync(query)) renameSync(join(query, file), join(query, file.replace('.jpg', '.JPG')));
  cpSync(join(query, readdirSync(query)[0]!), join(query, 'another.JPG'));
  const strangers = join(source, retrievalHalf, 'celebA_distractors');
  writeFileSync(join(strangers, 'phone.heic'), 'x');
  cpSync(join(strangers, 'celebA_distractors', '700000.jpg'), join(strangers, 'more', '700000.jpg'));
  const lists = join(source, trainHalf);
  const people = readFileSync(join(lists, 'celebA_anno.txt'), 'utf8').split('\n');
  writeFileSync(join(lists, 'celebA_anno.txt'), people.slice(1).join('\n'));
  const dataset = await read(source);
  assert.deepEqual(counts(dataset), { ...train, train: [8, 3], query: [6, 2], distractors: [5, 5] });
  assert.match(dataset.understood ?? '', /each a stranger; 1 picture that no list names is left out/);
  const reasons = dataset.rejected.map(({ path, reason }) => [basename(path), reason]);
  assert.deepEqual(reasons, [
    ['phone.heic', reasons[0]?.[1]],
    ['000001.jpg', 'The picture has no line in celebA_anno.txt: its person was expected there; add it.'],
  ]);
  assert.match(reasons[0]?.[1] ?? '', /HEIC/);
});

test('a folder without the lists is no course archive, and asking for one says what was expected', async () => {
  const source = join(folder, 'plain');
  mkdirSync(source);
  await assert.rejects(read(source, 'course'), {
    code: 'wrong-input',
    message:
      /plain does not hold the course's archive: celebA_train_500 .* or celebA_ir .* was expected; unpack the archive/,
  });
});

test('large and small pictures reach the network in one framing, under every alignment', async () => {
  const [image] = (await read(archive)).images.filter(({ part }) => part === 'train');
  const large = image!;
  const small = join(folder, 'small.png');
  await sharp(large.path).extract(smallRegion).png().toFile(small);
  const shifted = large.landmarks!.map((value, index) => value - [smallRegion.left, smallRegion.top][index % 2]!);
  const cuts: readonly Cut[] = [
    { kind: 'landmarks', inputSize: 64 },
    { kind: 'centreCrop', inputSize: 64, faceRatio: 1 },
    { kind: 'whole', inputSize: 64 },
  ];
  const { images } = await read(join(archive, retrievalHalf));
  assert.deepEqual(images[0]?.landmarks, shifted, 'the small pictures have the same points, moved by their region');
  for (const cut of cuts) {
    const one = await decodeFace(large, cut);
    const other = await decodeFace({ path: small, identity: '', landmarks: shifted }, cut);
    assert.ok('pixels' in one, 'reason' in one ? one.reason : '');
    assert.ok('pixels' in other, 'reason' in other ? other.reason : '');
    // The same decoded pixels; sharp's and our own JPEG decoder may differ by a level.
    const difference = one.pixels.reduce((sum, value, index) => sum + Math.abs(value - other.pixels[index]!), 0);
    assert.ok(difference / one.pixels.length < 1, `${cut.kind}: ${difference / one.pixels.length} levels apart`);
  }
});

test('whole stretches all of a picture to a square, and keeps its edges', async () => {
  const path = join(folder, 'edges.png');
  const width = 83;
  const height = 100;
  const raw = Buffer.alloc(width * height * 3, 128);
  const band = 4 * width * 3;
  raw.fill(255, 0, band).fill(0, raw.length - band);
  await sharp(raw, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
  const face = await decodeFace({ path, identity: '' }, { kind: 'whole', inputSize: 100 });
  assert.ok('pixels' in face);
  assert.equal(face.pixels[150], 255, 'the first rows are white');
  assert.equal(face.pixels.at(-150), 0, 'the last rows are black');
});

test('pictures of another size, and lines of the lists that cannot be right, are left out by name', async () => {
  const source = copied('broken');
  const half = join(source, trainHalf);
  const lines = readFileSync(join(half, 'celebA_train_split.txt'), 'utf8').trim().split('\n');
  lines[1] = lines[1]!.replace(/ \d$/, ' 7');
  lines.splice(2, 1);
  writeFileSync(join(half, 'celebA_train_split.txt'), `${lines.join('\r\n')}\r\n`); // as Windows writes it
  appendFileSync(join(half, 'celebA_anno.txt'), '000001.jpg 2\nnonsense\n000777.jpg 1\n');
  appendFileSync(join(half, 'celebA_train_split.txt'), '000777.jpg 0\n');
  const wide = join(half, 'celebA_imgs', '000006.jpg');
  await sharp({ create: { width: 200, height: 218, channels: 3, background: '#777' } })
    .jpeg()
    .toFile(wide);
  const dataset = await read(source);
  assert.deepEqual(counts(dataset).train, [6, 3]);
  const reasons = Object.fromEntries(dataset.rejected.map(({ path, reason }) => [basename(path), reason]));
  assert.deepEqual(reasons, {
    '000002.jpg': 'celebA_train_split.txt gives it part 7: 0 (train), 1 (val) or 2 (test) was expected.',
    '000003.jpg': 'The picture has no line in celebA_train_split.txt: its part was expected there; add it.',
    'celebA_anno.txt, line 16': 'The list gives 000001.jpg both 0 and 2: the first was taken; correct it.',
    'celebA_anno.txt, line 17': "The line reads 'nonsense': a file and a number were expected; correct it.",
    '000777.jpg': 'A list names the picture, and it is not there: unpack it again.',
    '000006.jpg': 'The picture has 200 x 218 pixels: 178 x 218 or 83 x 100 was expected.',
  });
});

test('an archive without its pictures or with empty lists ends in one sentence', async () => {
  const source = copied('empty');
  rmSync(join(source, retrievalHalf), { recursive: true });
  renameSync(join(source, trainHalf, 'celebA_imgs'), join(source, 'elsewhere'));
  mkdirSync(join(source, trainHalf, 'celebA_imgs'));
  await assert.rejects(read(source), { code: 'wrong-input', message: /holds no pictures of people .*unpack it again/ });
});

const faces = sharedFaces('course_faces');
test('the real archive is read whole, in one framing', { skip: faces.skip }, async () => {
  const dataset = await read(faces.path);
  const { train: trained, query, distractors } = counts(dataset);
  assert.deepEqual([trained?.[1], query?.[1], distractors?.[0]], [60, 12, 400]);
  assert.deepEqual(dataset.rejected, []);
  assert.match(dataset.understood ?? '', /60 pictures that no list names are left out/);
  const prepare: Plan['prepare'] = prepareSchema.parse({ inputSize: 48, alignment: 'whole' });
  const few = { ...dataset, images: dataset.images.filter((_, index) => index % 20 === 0) };
  const set = await prepareDataset(few, prepare, { workspace: folder });
  assert.equal(set.count, few.images.length);
});
