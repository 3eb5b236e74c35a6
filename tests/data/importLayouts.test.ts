import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/experiment.ts';
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
  unlinkSync(join(source, 'list_landmarks_align_celeba.txt'));
  await assert.rejects(read(source), /has no list_landmarks_align_celeba\.txt for the pictures in .*img_align_celeba/);
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

test('a CSV with a wrong header, or a source of the wrong kind, is refused in one sentence', async () => {
  const file = join(folder, 'faces.csv');
  for (const [text, sentence] of [
    ['path,identiy\n', /has an unknown column identiy \(did you mean identity\?\)/],
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
