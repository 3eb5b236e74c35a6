import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { importDataset, type ImportOptions } from '../../src-main/data/importDataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-csv-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const pictures = ['Ann', 'Bo'].flatMap((person) => [1, 2, 3].map((number) => ({ person, number })));
const parts = ['train', 'val', 'test'] as const;
before(async () => {
  for (const { person, number } of pictures) {
    const path = join(folder, 'set', 'img', person, `${number}.png`);
    mkdirSync(dirname(path), { recursive: true });
    await sharp({ create: { width: 9, height: 9, channels: 3, background: { r: 40 * number, g: 90, b: 0 } } }).toFile(
      path,
    );
  }
});

/** Imports a table with a line for each picture; `row` gets its path below img, its person and its part. */
function imported(
  { head, row, place = 'list.csv', above = '' }: Form,
  options: Partial<ImportOptions> = {},
): ReturnType<typeof importDataset> {
  const file = join(folder, 'set', place);
  mkdirSync(dirname(file), { recursive: true });
  const lines = pictures.map(({ person, number }) =>
    row({ path: `${person}/${number}.png`, person, part: parts[number - 1] ?? 'train' }),
  );
  writeFileSync(file, `${above}${[head, ...lines].join('\n')}\n`);
  return importDataset(
    { ...dataSchema.parse({ source: file }), resolvedSource: file },
    { workspace: folder, ...options },
  );
}
interface Form {
  readonly head: string;
  readonly row: (picture: { readonly path: string; readonly person: string; readonly part: string }) => string;
  readonly place?: string;
  readonly above?: string;
}
const whole = [
  ['Ann', 'train'],
  ['Ann', 'val'],
  ['Ann', 'test'],
  ['Bo', 'train'],
  ['Bo', 'val'],
  ['Bo', 'test'],
];
const read = ({ images }: Awaited<ReturnType<typeof imported>>) => images.map(({ identity, part }) => [identity, part]);

for (const [what, form] of Object.entries<Form>({
  'a column of parts under another name': {
    head: 'path,identity,set',
    row: ({ path, person, part }) => `img/${path},${person},${part.toUpperCase()}`,
  },
  'parts with another word beside them': {
    head: 'path,identity,usage',
    row: ({ path, person, part }) => `img/${path},${person},${part}_set`,
  },
  'parts as pandas writes numbers with gaps': {
    head: 'path,identity,part',
    row: ({ path, person, part }) => `img/${path},${person},${['train', 'val', 'test'].indexOf(part)}.0`,
  },
  'the first line of Excel': {
    above: 'sep=;\r\n',
    head: 'path;identity;part',
    row: ({ path, person, part }) => `img/${path};${person};${part}`,
  },
  'comments above the header': {
    above: '# made by a script\n\n# on Monday, at noon\n',
    head: 'path,identity,part',
    row: ({ path, person, part }) => `img/${path},${person},${part}`,
  },
  'another separator in quotes': {
    head: '"path";"identity";"note, free";"part"',
    row: ({ path, person, part }) => `img/${path};${person};"a, b, c, d";${part}`,
  },
  'bars between columns': {
    head: 'path|identity|part',
    row: ({ path, person, part }) => `img/${path}|${person}|${part}`,
  },
  'empty cells at the end of lines': {
    head: 'path,identity,part',
    row: ({ path, person, part }) => `img/${path},${person},${part},,`,
  },
})) {
  test(`a CSV is read with ${what}`, async () => {
    const dataset = await imported(form);
    assert.deepEqual(read(dataset), whole);
    assert.deepEqual(dataset.rejected, []);
    assert.match(dataset.partsGivenBy ?? '', /^the column (?:part|set|usage) of list\.csv$/);
  });
}

for (const [what, said, form] of [
  ['the folder above the CSV', /were read from .*set\.$/, { place: 'lists/all.csv', path: 'img/' }],
  ['a folder beside the CSV', /were read from .*set\/img\.$/, { path: '' }],
  ['another Windows computer', /without D:\/faces\/2024 at their beginning/, { path: 'D:\\faces\\2024\\img\\' }],
  ['another Linux computer', /without home\/ann at their beginning/, { path: '/home/ann/img/' }],
] as const) {
  test(`paths from ${what} are found, and the import says how they were read`, async () => {
    const { path: start, place } = { place: 'list.csv', ...form };
    const table: Form = {
      place,
      head: 'path,identity,part',
      row: ({ path, person, part }) =>
        `${start}${start.includes('\\') ? path.replaceAll('/', '\\') : path},${person},${part}`,
    };
    const dataset = await imported(table);
    assert.deepEqual(read(dataset), whole);
    assert.match(dataset.understood ?? '', said);
    assert.deepEqual(read(await imported(table, { roots: [folder] })), whole, 'a screen reads it likewise');
  });
}

test('paths are never found outside the folders that a screen may open', async () => {
  const table: Form = {
    place: 'lists/all.csv',
    head: 'path,identity',
    row: ({ path, person }) => `img/${path},${person}`,
  };
  await assert.rejects(imported(table, { roots: [join(folder, 'set', 'lists')] }), {
    message: /does not exist, or is outside the folders that this workbench may open/,
  });
});

test('one file that is where its path says keeps all paths as they are written', async () => {
  const file = join(folder, 'set', 'one.csv');
  writeFileSync(file, 'path,identity\nimg/Ann/1.png,Ann\nimg/Bo/1.png,Bo\n/gone/img/Ann/2.png,Ann\n');
  const dataset = await importDataset(
    { ...dataSchema.parse({ source: file }), resolvedSource: file },
    { workspace: folder },
  );
  assert.equal(dataset.images.length, 2);
  assert.match(dataset.rejected[0]?.reason ?? '', /^Line 4 of .*the file does not exist; give a path relative to/);
});

test('a folder of people that holds a CSV of them says that the CSV was not read', async () => {
  await imported({ head: 'path,identity,part', row: ({ path, person, part }) => `img/${path},${person},${part}` });
  const source = join(folder, 'set');
  const { understood } = await importDataset(
    { ...dataSchema.parse({ source, people: 2 }), resolvedSource: source },
    { workspace: folder },
  );
  assert.match(understood ?? '', /^list\.csv lists pictures and people; choose it as the source to use it\.$/m);
});

test('a cell of megabytes is no name and no path, and 3000 columns make no sentence of 3000 names', async () => {
  const long = 'x'.repeat(2_000_000);
  const more = Array.from({ length: 3000 }, (_, column) => `c${column}`).join(',');
  const { images, rejected, understood } = await imported({
    head: `path,identity,part,${more}`,
    row: ({ path, person, part }) => `img/${path},${person},${part}${','.repeat(3000)}`,
  });
  assert.equal(images.length, pictures.length);
  assert.deepEqual(rejected, []);
  assert.match(understood ?? '', /Other columns are kept: c0, c1, .*c11 and 2988 more\.$/);
  const cut = await imported({
    head: 'path,identity',
    row: ({ path, person }) => (path === 'Ann/1.png' ? `img/${path},${long}\n${long},Ann` : `img/${path},${person}`),
  });
  assert.equal(cut.images.length, pictures.length - 1);
  assert.equal(cut.rejected.length, 2);
  for (const { path, reason } of cut.rejected) assert.ok(`${path} ${reason}`.length < 500, reason.slice(0, 100));
  assert.match(cut.rejected.map(({ reason }) => reason).join(), /the name of the person has 2000000 characters/);
  assert.match(cut.rejected.map(({ reason }) => reason).join(), /the path has 2000000 characters/);
});
