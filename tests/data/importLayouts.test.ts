import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { openPackedImages } from '../../src-main/data/preparedSet.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcbench-layouts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Eyes, nose and mouth corners of a 112-pixel face that fills the template, moved by (60, 40) in a 178 x 218 picture:
 * red dots on grey.
 */
const template = [38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041];
const points = template.map((value, index) => Math.round(value) + (index % 2 === 0 ? 60 : 40));
async function picture(path: string): Promise<void> {
  const dots = [0, 2, 4, 6, 8]
    .map(
      (at) =>
        `<circle cx="${(points[at] as number) + 0.5}" cy="${(points[at + 1] as number) + 0.5}" r="3" fill="#f00"/>`,
    )
    .join('');
  await sharp(
    Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="178" height="218"><rect width="178" height="218" ' +
        `fill="#808080"/>${dots}</svg>`,
    ),
  )
    .removeAlpha()
    .jpeg({ quality: 100 })
    .toFile(path);
}
const read = (source: string, layout = 'auto') =>
  importDataset({ ...dataSchema.parse({ source, layout }), resolvedSource: source }, { workspace: folder });

async function celebA(pictures: string, landmarks: string): Promise<string> {
  const source = join(folder, 'celeba');
  mkdirSync(join(source, pictures), { recursive: true });
  const files = ['000001.jpg', '000002.jpg', '000003.jpg', '000004.jpg'];
  for (const file of files) await picture(join(source, pictures, file));
  writeFileSync(
    join(source, 'identity_CelebA.txt'),
    files.map((file, index) => `${file} ${index < 2 ? 2880 : 17}\n`).join('') + '000009.jpg 17\n',
  );
  writeFileSync(
    join(source, landmarks),
    `${files.length}\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y ` +
      `rightmouth_x rightmouth_y\n${files.map((file) => `${file}  ${points.join('  ')}\n`).join('')}`,
  );
  return source;
}

for (const [pictures, landmarks] of [
  ['img_align_celeba', 'list_landmarks_align_celeba.txt'],
  ['img_celeba', 'list_landmarks_celeba.txt'],
] as const) {
  test(`CelebA's ${pictures} is read with its identities and landmarks, and its faces are aligned`, async () => {
    const source = await celebA(pictures, landmarks);
    const dataset = await read(source);
    assert.equal(dataset.layout, 'celeba');
    assert.deepEqual(
      dataset.images.map(({ identity, landmarks: found }) => [identity, found]),
      [
        ['17', points],
        ['17', points],
        ['2880', points],
        ['2880', points],
      ],
    );
    assert.deepEqual(
      dataset.rejected.map(({ path, reason }) => [path, reason]),
      [
        [
          join(source, pictures, '000009.jpg'),
          'The picture is listed in identity_CelebA.txt but does not exist: unpack the pictures again.',
        ],
      ],
    );
    const set = await prepareDataset(dataset, prepareSchema.parse({ inputSize: 112 }), { workspace: folder });
    const packed = openPackedImages(set);
    const pixels = new Uint8Array(112 * 112 * 3);
    packed.readInto([0], pixels);
    packed.close();
    // The dots lie where the template says: red there, grey ten pixels to the left.
    const at = (x: number, y: number) =>
      [
        ...pixels.subarray((Math.round(y) * 112 + Math.round(x)) * 3, (Math.round(y) * 112 + Math.round(x)) * 3 + 3),
      ] as [number, number, number];
    for (const index of [0, 2, 4, 6, 8]) {
      const [red, green] = at(template[index] as number, template[index + 1] as number);
      assert.ok(red > 200 && green < 60, `point ${index / 2}: ${red}, ${green}`);
      assert.ok(Math.abs(at((template[index] as number) - 10, template[index + 1] as number)[0] - 128) < 12);
    }
  });
}

test("a part of CelebA's layout that is missing is named", async () => {
  const source = await celebA('img_align_celeba', 'list_landmarks_align_celeba.txt');
  renameSync(join(source, 'img_align_celeba'), join(source, 'elsewhere'));
  await assert.rejects(read(source), /has no folder of CelebA's pictures: unpack img_align_celeba or img_celeba there/);
  await assert.rejects(read(join(source, 'elsewhere'), 'celeba'), /has no identity_CelebA\.txt/);
  renameSync(join(source, 'elsewhere'), join(source, 'img_align_celeba'));
  // Without the list, img_align_celeba was once taken for the folder of one person.
  renameSync(join(source, 'identity_CelebA.txt'), join(source, 'identity.txt'));
  await assert.rejects(read(source), /has no identity_CelebA\.txt/);
});

test('a CSV is read with and without landmarks, and each bad row is named by its line', async () => {
  for (const name of ['a 1.jpg', 'é2.jpg', 'b1.jpg']) await picture(join(folder, name));
  const file = join(folder, 'faces.csv');
  const rows = [
    ['path', 'identity', 'x0', 'y0', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'x4', 'y4'],
    ['a 1.jpg', 'Ann', ...points],
    ['é2.jpg', '"Ann"', ...Array<string>(10).fill('')],
    ['b1.jpg', 'Bo', ...points],
    ['gone.jpg', 'Bo', ...points],
    ['b1.jpg', '', ...points],
    ['b1.jpg', 'Bo', 'left', ...points.slice(1)],
    ['b1.jpg', 'Bo'],
  ];
  writeFileSync(file, `\ufeff${rows.map((row) => row.join(',')).join('\r\n')}\r\n`);
  const dataset = await read(file);
  assert.equal(dataset.layout, 'csv');
  assert.deepEqual(
    dataset.images.map(({ path, identity, landmarks }) => [path, identity, landmarks?.length]),
    [
      [join(folder, 'a 1.jpg'), 'Ann', 10],
      [join(folder, 'é2.jpg'), 'Ann', undefined],
      [join(folder, 'b1.jpg'), 'Bo', 10],
    ],
  );
  assert.deepEqual(
    dataset.rejected
      .map(({ reason }) => reason.replace(/^Line (\d) of .*?faces\.csv: /, '$1 ').replace(/[:;] .*/, ''))
      .sort(),
    [
      '5 the file does not exist',
      '6 the path or the identity is empty',
      '7 a landmark is not a number',
      '8 it has 2 columns instead of 12',
    ],
  );
});

test('a CSV with decimal commas and semicolons or tabs between columns is read', async () => {
  for (const name of ['a1.jpg', 'b1.jpg']) await picture(join(folder, name));
  const file = join(folder, 'sheet.csv');
  for (const delimiter of [';', '\t']) {
    const rows = [
      ['path', 'identity', 'x0', 'y0', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'x4', 'y4'],
      ['a1.jpg', '"Ann, 1"', '38,5', ...points.slice(1)],
      ['b1.jpg', 'Bo', ...points],
    ];
    writeFileSync(file, `\ufeff${rows.map((row) => row.join(delimiter)).join('\r\n')}\r\n`);
    const { images } = await read(file);
    assert.deepEqual(
      images.map(({ identity, landmarks }) => [identity, landmarks?.[0]]),
      [
        ['Ann, 1', 38.5],
        ['Bo', points[0]],
      ],
    );
  }
});

test('CelebA is read without landmarks, and the import says what becomes of its faces', async () => {
  const source = await celebA('img_align_celeba', 'list_landmarks_align_celeba.txt');
  unlinkSync(join(source, 'list_landmarks_align_celeba.txt'));
  const dataset = await read(source);
  assert.ok(dataset.images.length === 4 && dataset.images.every(({ landmarks }) => landmarks === undefined));
  assert.match(
    dataset.understood ?? '',
    /^2 people: CelebA, aligned.*\n {2}landmarks: none; the centre is cut out, or/,
  );
});

/** Kaggle's lists: CSV with a header, the parts and the attributes too. */
function kaggleLists(source: string, parts: readonly number[]): void {
  const rows = (values: (index: number) => readonly (string | number)[]) =>
    parts.map((_, index) => [`00000${index + 1}.jpg`, ...values(index)].join(',')).join('\n');
  writeFileSync(
    join(source, 'list_landmarks_align_celeba.csv'),
    'image_id,lefteye_x,lefteye_y,righteye_x,righteye_y,nose_x,nose_y,leftmouth_x,leftmouth_y,rightmouth_x,' +
      `rightmouth_y\n${rows(() => points)}\n`,
  );
  writeFileSync(join(source, 'list_eval_partition.csv'), `image_id,partition\n${rows((at) => [parts[at] ?? 0])}\n`);
  writeFileSync(
    join(source, 'list_attr_celeba.csv'),
    `image_id,5_o_Clock_Shadow,Male,Young\n${rows((at) => [-1, at < 2 ? 1 : -1, 1])}\n`,
  );
}

test("Kaggle's CelebA: its CSV lists are read, and the list of people that it lacks is named", async () => {
  const source = await celebA('img_align_celeba/img_align_celeba', 'list_landmarks_align_celeba.txt');
  unlinkSync(join(source, 'list_landmarks_align_celeba.txt'));
  kaggleLists(source, [0, 0, 1, 1]);
  const dataset = await read(source);
  assert.deepEqual(
    dataset.images.map(({ identity, part, landmarks, attributes }) => [identity, part, landmarks, attributes]),
    [
      ['17', 'val', points, { Young: '1' }],
      ['17', 'val', points, { Young: '1' }],
      ['2880', 'train', points, { Male: '1', Young: '1' }],
      ['2880', 'train', points, { Male: '1', Young: '1' }],
    ],
  );
  assert.equal(dataset.partsGivenBy, "CelebA's list list_eval_partition.csv");
  assert.match(
    dataset.understood ?? '',
    /parts: list_eval_partition\.csv: train 1 person, 2 pictures; val 1 person, 2/,
  );
  unlinkSync(join(source, 'identity_CelebA.txt'));
  await assert.rejects(
    read(source),
    /has no identity_CelebA\.txt, the list of CelebA's people, which Kaggle's copy of CelebA lacks: get it from the/,
  );
});

test("CelebA's partition parts people: whoever is in val or test never trains", async () => {
  const source = await celebA('img_align_celeba', 'list_landmarks_align_celeba.txt');
  for (const file of ['000005.jpg', '000006.jpg']) await picture(join(source, 'img_align_celeba', file));
  writeFileSync(
    join(source, 'identity_CelebA.txt'),
    '000001.jpg a\n000002.jpg a\n000003.jpg b\n000004.jpg b\n000005.jpg c\n000006.jpg d\n',
  );
  kaggleLists(source, [0, 2, 1, 1, 2, 0]);
  unlinkSync(join(source, 'list_landmarks_align_celeba.txt'));
  const parted = (dataset: Awaited<ReturnType<typeof read>>) =>
    dataset.images.map(({ identity, part }) => `${identity} ${part}`);
  const dataset = await read(source);
  assert.deepEqual(parted(dataset), ['a test', 'b val', 'b val', 'c test', 'd train']);
  assert.match(
    dataset.rejected[0]?.reason ?? '',
    /puts this picture of person a into train and others into val or test/,
  );
  // A list in which most people stand in several parts is one of pictures.
  writeFileSync(
    join(source, 'list_eval_partition.txt'),
    ['0', '2', '0', '1', '2', '0'].map((part, at) => `00000${at + 1}.jpg ${part}\n`).join(''),
  );
  assert.deepEqual(parted(await read(source)), ['a train', 'a test', 'b train', 'b val', 'c test', 'd train']);
});

test('CelebA in the wild without landmarks is cut by its boxes', async () => {
  const source = await celebA('img_celeba', 'list_landmarks_celeba.txt');
  unlinkSync(join(source, 'list_landmarks_celeba.txt'));
  writeFileSync(
    join(source, 'list_bbox_celeba.txt'),
    '4\nimage_id x_1 y_1 width height\n000001.jpg 60 40 100 120\n000002.jpg -10 200 60 60\n000003.jpg 0 0 0 0\n',
  );
  const dataset = await read(source);
  assert.deepEqual(
    dataset.images.map(({ region }) => region),
    [
      undefined,
      undefined,
      { left: 60, top: 40, width: 100, height: 120 },
      { left: 0, top: 200, width: 50, height: 18 },
    ],
  );
  const set = await prepareDataset(dataset, prepareSchema.parse({ inputSize: 32 }), { workspace: folder });
  assert.equal(set.count, 4);
});

test('CelebA is read wherever its pictures and lists were unpacked, and its lists in any spelling', async () => {
  const source = await celebA('img_align_celeba', 'list_landmarks_align_celeba.txt');
  const people = readFileSync(join(source, 'identity_CelebA.txt'), 'utf8');
  const whole = ['17', '17', '2880', '2880'];
  for (const [pictures, list, text] of [
    ['Img/img_align_celeba/img_align_celeba', 'Anno/identity_CelebA.txt', people],
    ['celeba/CelebA/Img/img_align_celeba', 'celeba/Anno-20210101T01/identity_CelebA.txt', people],
    ['img_align_celeba/img_align_celeba', 'identity_CelebA (1).txt', people.replaceAll('\n', '\r\n')],
    ['img_align_celeba', 'identity_celeba.csv', `image_id;identity\r\n${people.replaceAll(' ', ';')}`],
    ['img_align_celeba', 'identity_CelebA.txt', people.replaceAll(' ', ',')],
    ['img_align_celeba', 'identity_CelebA.csv', people.replaceAll('\n', '\r')],
  ] as const) {
    const place = mkdtempSync(join(folder, 'unpacked-'));
    for (const path of [join(place, pictures), dirname(join(place, list))]) mkdirSync(path, { recursive: true });
    cpSync(join(source, 'img_align_celeba'), join(place, pictures), { recursive: true });
    writeFileSync(join(place, list), text);
    const dataset = await read(place);
    assert.deepEqual([pictures, dataset.layout], [pictures, 'celeba']);
    assert.deepEqual([list, ...dataset.images.map(({ identity }) => identity)], [list, ...whole]);
  }
});

test('a file that only stands for a picture, or is a web page, is named as what it is', async () => {
  const source = await celebA('img_align_celeba', 'list_landmarks_align_celeba.txt');
  const pictures = join(source, 'img_align_celeba');
  writeFileSync(join(pictures, '000001.jpg'), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n');
  writeFileSync(join(pictures, '000003.jpg'), '\n<!DOCTYPE html><title>Not found</title>');
  const reasons = (await read(source)).rejected.map(({ reason }) => reason);
  assert.match(reasons[0] ?? '', /Git LFS keeps: fetch the pictures with `git lfs pull`/);
  assert.match(reasons[1] ?? '', /is a web page that was saved under the name of a picture: download/);
});

test('a line of CelebA that says something else than an earlier one is named', async () => {
  const source = await celebA('img_align_celeba', 'list_landmarks_align_celeba.txt');
  writeFileSync(join(source, 'identity_CelebA.txt'), '000001.jpg 1\n000002.jpg 2\n000001.jpg 2\n000002.jpg 2\n');
  const { images, rejected } = await read(source);
  assert.deepEqual(
    images.map(({ identity }) => identity),
    ['1', '2'],
  );
  const reasons = rejected.map(({ reason }) => reason).join('\n');
  assert.match(reasons, /Line 3 of identity_CelebA\.txt gives the picture to 2, an earlier line to 1, who was taken/);
  assert.match(reasons, /Line 4 of identity_CelebA\.txt names the picture again/);
});

/** A CSV of two people, with the cells of each line joined by a comma. */
async function table(
  rows: readonly (readonly string[])[],
  encode = (text: string) => Buffer.from(text),
): Promise<string> {
  const file = join(folder, 'list.csv');
  for (const name of ['a1.jpg', 'a2.jpg', 'b1.jpg', 'b2.jpg']) {
    mkdirSync(join(folder, 'faces'), { recursive: true });
    await picture(join(folder, 'faces', name));
  }
  writeFileSync(file, encode(`${rows.map((row) => row.join(',')).join('\r\n')}\r\n`));
  return file;
}

test('a CSV from Windows: backslashes, any case, other names of columns, parts, and further columns kept', async () => {
  const file = await table([
    ['ID', 'File Name', 'Label', 'Split', 'Age'],
    ['1', 'faces\\a1.jpg', 'Ann', 'Train', '31'],
    ['2', 'faces\\a2.jpg', 'Ann', '2', '32'],
    ['3', 'faces/b1.jpg', 'Bo', 'validation', ''],
    ['4', 'faces/b2.jpg', 'Bo', '', '40'],
  ]);
  const dataset = await read(file);
  assert.deepEqual(
    dataset.images.map(({ identity, part, attributes }) => [identity, part, attributes]),
    [
      ['Ann', 'train', { ID: '1', Age: '31' }],
      ['Ann', 'test', { ID: '2', Age: '32' }],
      ['Bo', 'val', { ID: '3', Age: '' }],
      ['Bo', undefined, { ID: '4', Age: '40' }],
    ],
  );
  assert.equal(dataset.partsGivenBy, 'the column Split of list.csv');
  assert.equal(
    dataset.understood,
    '2 people: in list.csv, the column File Name names the picture, Label the person, Split the part. 1 picture has ' +
      'no part. Other columns are kept: ID, Age.',
  );
});

test("the course's and Kaggle's columns are understood: img and id, image_id and CelebA's points", async () => {
  const rows = ['a1', 'a2', 'b1'].map((name, at) => [`faces/${name}.jpg`, String(at % 2)]);
  assert.deepEqual(
    (await read(await table([['img', 'id'], ...rows]))).images.map(({ identity }) => identity),
    ['0', '0', '1'],
  );
  const named = ['lefteye', 'righteye', 'nose', 'leftmouth', 'rightmouth'].flatMap((name) => [
    `${name}_x`,
    `${name}_y`,
  ]);
  const { images } = await read(
    await table([['image_id', 'name', ...named], ...rows.map((row) => [...row, ...points.map(String)])]),
  );
  assert.deepEqual(images[0]?.landmarks, points);
});

test('a CSV in UTF-16 or Windows-1252 is read and said, and the spellings of José are one person', async () => {
  const rows = [
    ['path', 'identity'],
    ['faces/a1.jpg', 'José'],
    ['faces/a2.jpg', 'José'],
    ['faces/b1.jpg', 'Müller'],
  ];
  const wide = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
  for (const [encode, said] of [
    [(text: string) => Buffer.from(text, 'latin1'), /was read as Windows-1252 \(Latin-1\)/],
    [wide, /The file is in UTF-16\./],
    [(text: string) => wide(text).swap16(), /The file is in UTF-16\./],
    [(text: string) => Buffer.from(text.replace('José', 'Jose\u0301')), /^2 people: in list\.csv, the column path/],
  ] as const) {
    const dataset = await read(await table(rows, encode));
    assert.deepEqual(
      dataset.images.map(({ identity }) => identity),
      ['José', 'José', 'Müller'],
    );
    assert.match(dataset.understood ?? '', said);
  }
});

test('a CSV that contradicts itself is read as its first line says, and the others are named', async () => {
  const dataset = await read(
    await table([
      ['path', 'identity', 'part'],
      ['faces/a1.jpg', 'Ann', 'train'],
      ['faces/b1.jpg', 'Bo', 'train'],
      ['faces\\a1.jpg', 'Bo', 'train'],
      ['faces/b1.jpg', 'Bo', 'test'],
      ['faces/../faces/b1.jpg', 'Bo', 'train'],
      ['faces/b2.jpg', 'Bo', 'exam'],
    ]),
  );
  assert.deepEqual(
    dataset.images.map(({ identity, part }) => [identity, part]),
    [
      ['Ann', 'train'],
      ['Bo', 'train'],
    ],
  );
  const reasons = dataset.rejected.map(({ reason }) => reason.replace(/^(Line \d) of .*?csv: /, '$1 ')).sort();
  assert.deepEqual(reasons, [
    'Line 4 line 2 gives the picture to Ann, this one to Bo; line 2 was taken: remove the wrong line.',
    'Line 5 line 3 puts the picture into train, this one into test; line 3 was taken: remove the wrong line.',
    'Line 6 line 3 names the picture already; it was taken once: remove one of the lines.',
    "Line 7 the part is 'exam': train, val, test, query, gallery, distractors, or 0, 1 or 2 for train, val and test " +
      'was expected; correct it.',
  ]);
});

test('a file that holds no list of faces is named as what it is, with the source to choose', async () => {
  for (const [name, sentence] of [
    ['faces.zip', /faces\.zip is an archive: unpack it, and choose its folder\.$/],
    ['train.idx', /is the index of a record file: choose the \.rec file beside it\.$/],
    ['lfw.bin', /is a verification set, .*: name it in evaluation\.sets/],
    ['face.JPG', /is one picture: choose the folder that holds the folders of people\.$/],
    ['faces.xlsx', /is a spreadsheet: save it as CSV/],
    ['train.parquet', /is in a format that ArcBench does not read: a folder of people, a CSV file or a record file/],
  ] as const) {
    writeFileSync(join(folder, name), 'PK\x03\x04');
    await assert.rejects(read(join(folder, name)), sentence);
  }
});

test('a CSV with a wrong header, or a source of the wrong kind, is refused in one sentence', async () => {
  const file = join(folder, 'faces.csv');
  for (const [text, sentence] of [
    ['path,identiy\n', /has no column identity \(is it the column identiy\?\)/],
    ['path,x0\n', /has no column identity/],
    ['path,identity,x0\n', /has only 1 of the ten landmark columns/],
    ['path,identity\n"a,b\n', /cannot be read as CSV/],
    ['a 1.jpg,Ann\n', /begins with 'a 1\.jpg, Ann': a CSV with a header line/],
  ] as const) {
    writeFileSync(file, text);
    await assert.rejects(read(file), sentence);
  }
  await assert.rejects(
    read(file, 'folders'),
    /data\.layout is folders, but .*faces\.csv is a file: a folder was expected/,
  );
  await assert.rejects(read(folder, 'csv'), /data\.layout is csv, but .* is a folder: a CSV file was expected/);
});
