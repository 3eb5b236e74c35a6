import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { caseless, isNameHere, isPlainName } from '../../src-main/files/plainName.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';
import { userHome } from '../../src-main/files/userHome.ts';
import { writeSplitFolders } from '../../src-main/split/splitFolders.ts';
import type { Split } from '../../src-main/split/makeSplit.ts';
import { splitSchema } from '../../src-shared/splitSchema.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-names-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const refusedSomewhere = [
  ...['CON', 'con.jpg', 'NUL', 'aux.tar.gz', 'COM1', 'lpt9.png', 'COM¹'],
  ...['person.', 'person ', ' person', '.', '..', '', 'a:b', 'a?b', 'a|b', 'a\\b', 'a\nb', 'x'.repeat(256)],
];

test('a name is plain where Linux, macOS and Windows all take it', () => {
  for (const name of refusedSomewhere) assert.equal(isPlainName(name), false, JSON.stringify(name));
  for (const name of ['Ann', 'a b', '.hidden', 'console', 'com10', 'Zoë', 'a.b', '名前', "O'Neil"])
    assert.equal(isPlainName(name), true, name);
  assert.equal(isNameHere('CON', 'win32'), false);
  assert.equal(isNameHere('12:30.jpg', 'linux'), true);
  assert.equal(caseless('ÅSA'), caseless('a\u030asa'));
});

test('the folders and files of a split have names that every system takes and keeps apart', async () => {
  const source = join(folder, 'faces');
  const pictures = [
    ...['CON', 'con', 'person.', 'person', ' person', 'a:b', 'a?b', '..', 'Zoe\u0308', 'Zo\u00eb', 'ZO\u00cb'].map(
      (identity, index) => [identity, `${index}.png`] as const,
    ),
    ...['x.png', 'X.png', 'x.PNG', 'aux.png', 'y .png', 'y_.png'].map((file) => ['Ann', file] as const),
  ];
  const images = pictures.map(([identity, file], index) => {
    const own = join(source, String(index));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, file), file);
    return { identity, path: join(own, file), contentHash: String(index), perceptualHash: '' };
  });
  const split: Split = {
    seed: 1,
    rule: splitSchema.parse({}),
    classes: [],
    parts: { train: [...images.keys()], val: [], test: [], query: [], distractors: [] },
    skipped: [],
    hash: 'x',
    givenBy: null,
    notes: [],
    resolved: [],
  };
  const made = join(folder, 'split');
  await writeSplitFolders({ images } as unknown as PreparedSet, split, made);
  const people = readdirSync(join(made, 'train'));
  const files = readdirSync(join(made, 'train', 'Ann'));
  assert.equal(people.length, 12);
  assert.equal(files.length, 6);
  for (const name of [...people, ...files]) assert.ok(isPlainName(name), name);
  for (const names of [people, files]) assert.equal(new Set(names.map(caseless)).size, names.length, names.join(' '));
});

test('an empty HOME is no home folder: what the system knows of the user counts', () => {
  const before = process.env['HOME'];
  process.env['HOME'] = '';
  try {
    assert.match(userHome(), /^\//);
  } finally {
    process.env['HOME'] = before;
  }
});
