import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { matchPairs } from '../../src-main/data/pairs/matchPairs.ts';
import { readPairsFile, type ListedPair } from '../../src-main/data/pairs/pairsFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-pairs-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'pairs.txt');

function read(text: string): ListedPair[] {
  writeFileSync(path, text);
  return readPairsFile(path);
}
const lines = (...texts: readonly string[]) => `${texts.join('\n')}\n`;
/** A pair in short: its two pictures, whether they show one person, and the fold. */
const short = ({ first, second, same, fold }: ListedPair) =>
  [first, second]
    .map((picture) => ('file' in picture ? picture.file : `${picture.person} ${picture.number}`))
    .concat(same ? 'same' : 'different', String(fold))
    .join(', ');

test("LFW's folds are those of its first line", () => {
  const pairs = read(lines('2\t1', 'Ann Lee\t1\t2', 'Ann Lee\t1\tBo\t4', 'Bo\t1\t2', 'Bo\t3\tCy\t1'));
  assert.deepEqual(pairs.map(short), [
    'Ann Lee 1, Ann Lee 2, same, 0',
    'Ann Lee 1, Bo 4, different, 0',
    'Bo 1, Bo 2, same, 1',
    'Bo 3, Cy 1, different, 1',
  ]);
});

/** Ten pairs of one person and then ten of two, as pairsDevTest.txt lists them. */
const developed = [
  ...Array.from({ length: 10 }, (_, at) => `P${at}\t1\t2`),
  ...Array.from({ length: 10 }, (_, at) => `P${at}\t1\tQ${at}\t1`),
];

test('a list without folds has ten, each with pairs of both kinds', () => {
  for (const text of [lines('10', ...developed), lines(...developed)]) {
    const pairs = read(text);
    assert.equal(pairs.length, 20);
    assert.deepEqual(
      pairs.map(({ fold }) => fold),
      [...Array(10).keys(), ...Array(10).keys()],
    );
  }
  const mixed = developed.slice(0, 10).flatMap((one, at) => [one, developed[10 + at] as string]);
  assert.deepEqual(
    read(lines(...mixed)).map(({ fold }) => fold),
    Array.from({ length: 20 }, (_, at) => Math.floor(at / 2)),
  );
});

test('two paths and a label are a pair', () => {
  assert.deepEqual(read(lines('a/1.jpg a/2.jpg 1', 'a/1.jpg b/1.jpg 0')).map(short), [
    'a/1.jpg, a/2.jpg, same, 0',
    'a/1.jpg, b/1.jpg, different, 0',
  ]);
  assert.deepEqual(read(lines('my faces/1.jpg\tmy faces/2.jpg\t1')).map(short), [
    'my faces/1.jpg, my faces/2.jpg, same, 0',
  ]);
});

test('tables of pairs are read with other columns, separators and words, and their files are found', () => {
  const wanted = ['a/1.jpg, a/2.jpg, same, 0', 'a/1.jpg, b/1.jpg, different, 0'];
  for (const text of [
    lines(',img1,img2,label', '0,a/1.jpg,a/2.jpg,1', '1,a/1.jpg,b/1.jpg,0'),
    lines('fold,img1,img2,label', '3,a/1.jpg,a/2.jpg,1.0', '4,a/1.jpg,b/1.jpg,0.0'),
    lines('match\tleft\tright', 'True\ta/1.jpg\ta/2.jpg', 'False\ta/1.jpg\tb/1.jpg'),
    lines('"img1","img2","target"', '"a/1.jpg","a/2.jpg","1"', '"a/1.jpg","b/1.jpg","0"'),
    lines('a/1.jpg,a/2.jpg,1', 'a/1.jpg,b/1.jpg,0'),
    lines('a/1.jpg;a/2.jpg;yes', 'a/1.jpg;b/1.jpg;no'),
    lines('# made by a script', 'a/1.jpg a/2.jpg True', 'a/1.jpg b/1.jpg False'),
    'a/1.jpg a/2.jpg 1\ra/1.jpg b/1.jpg 0\r',
  ])
    assert.deepEqual([text, ...read(text).map(short)], [text, ...wanted]);
  const kaggle = lines('name,imagenum1,imagenum2,', 'Ann_Lee,1,2,', 'Ann_Lee,1,Bo,4');
  assert.deepEqual(read(kaggle).map(short), ['Ann_Lee 1, Ann_Lee 2, same, 0', 'Ann_Lee 1, Bo 4, different, 0']);
});

test("CPLFW's and CALFW's pairs take two lines", () => {
  const cplfw = read(lines('A_0001.jpg 1', 'A_0003.jpg 1', 'A_0001.jpg 0', 'B_0001.jpg 0'));
  assert.deepEqual(cplfw.map(short), ['A_0001.jpg, A_0003.jpg, same, 0', 'A_0001.jpg, B_0001.jpg, different, 0']);
  const calfw = read(lines('A_0001.jpg 3', 'A_0003.jpg 3', 'A_0001.jpg 0', 'B_0001.jpg 0'));
  assert.deepEqual(calfw.map(short), ['A_0001.jpg, A_0003.jpg, same, 2', 'A_0001.jpg, B_0001.jpg, different, 0']);
});

test("deepface's CSV says Yes or No", () => {
  const wanted = ['img1.jpg, img2.jpg, same, 0', 'img1.jpg, img3.jpg, different, 0'];
  assert.deepEqual(
    read(lines('file_x,file_y,Decision', 'img1.jpg,img2.jpg,Yes', 'img1.jpg,img3.jpg,No')).map(short),
    wanted,
  );
  assert.deepEqual(read('\ufeffa;b;label\r\nimg1.jpg;img2.jpg;1\r\n"img1.jpg";img3.jpg;0\r\n').map(short), wanted);
});

test('a line that fits no form is named', () => {
  const cases: readonly (readonly [text: string, reason: RegExp])[] = [
    ['', /holds no pairs: pairs as in LFW's pairs\.txt/],
    [lines('2\t1'), /holds no pairs/],
    [lines('ten 300'), /Line 1 of .* is 'ten 300': pairs as in LFW's pairs\.txt/],
    [lines('1 300', 'Ann 1 2'), /Line 1 of .* is '1 300': the number of folds, 2 or more/],
    [lines('2 1', 'Ann 1 2', 'Ann one Bo 1'), /Line 3 of .* is 'Ann one Bo 1': 'name n m' or 'name n other m'/],
    [lines('a.jpg b.jpg 1', 'a.jpg b.jpg maybe'), /Line 2 of .*: two paths and 1 for one person or 0 for two/],
    [lines('A_1.jpg 1', 'A_2.jpg 1', 'A_3.jpg 0'), /Line 3 of .*: two lines a pair/],
    [lines('A_1.jpg 1', 'A_2.jpg 0'), /Line 2 of .*: two lines a pair/],
    [
      lines('file_x,file_y,Decision', 'a.jpg,b.jpg,Maybe'),
      /Line 2 of .* is 'a\.jpg,b\.jpg,Maybe': two files and Yes or No/,
    ],
    [lines('file_x,file_y,Decision', 'a.jpg,"b.jpg,Yes'), /a CSV was expected/],
    ['\0\x01\xff\xfe', /Line 1 of/],
    // A list that was cut off, or whose first line is that of another, has no folds to trust.
    [lines('2\t1', 'Ann\t1\t2', 'Ann\t1\tBo\t4', 'Bo\t1\t2'), /a line for a list of 3 pairs \(it states 4\) was/],
    [lines('10\t300', 'Ann\t1\t2', 'Ann\t1\tBo\t4'), /a line for a list of 2 pairs \(it states 6000\) was/],
    [lines('1100', ...developed), /a line for a list of 20 pairs \(it states 2200\) was/],
  ];
  for (const [text, reason] of cases) assert.throws(() => read(text), reason);
  assert.throws(() => readPairsFile(join(folder, 'none.txt')), /none\.txt is not there: a list of pairs was expected/);
});

test('changed lists are read or refused in a sentence', () => {
  const random = randomStream(3, 'pair lists');
  const whole = Buffer.from(lines('2\t1', 'Ann Lee\t1\t2', 'Ann Lee\t1\tBo\t4', 'Bo\t1\t2', 'Bo\t3\tCy\t1'));
  for (let round = 0; round < 200; round++) {
    const content = Buffer.from(whole.subarray(0, random.integer(whole.length)));
    if (content.length > 0) content[random.integer(content.length)] = random.integer(256);
    try {
      read(content.toString('latin1'));
    } catch (error) {
      assert.ok(error instanceof ArcBenchError, String(error));
    }
  }
});

test('pictures are found by number or by the end of their path', () => {
  const pictures = [
    { path: '/faces/Jose\u0301/Jose\u0301_0001.jpg', identity: 'Jos\u00e9' },
    { path: '/faces/Bo/Bo_0002.png', identity: 'Bo' },
    { path: '/faces/Bo/1.jpg', identity: 'Bo' },
    { path: 'C:\\faces\\Cy\\1.jpg', identity: 'Cy' },
  ];
  const match = (text: string) =>
    matchPairs(read(text), pictures.entries(), path).map(({ first, second }) => [first, second]);
  assert.deepEqual(match(lines('Jos\u00e9 1 Bo 2', 'Bo 1 2', 'Bo 1 Nobody 1')), [
    [0, 1],
    [2, 1],
  ]);
  assert.deepEqual(match(lines('./Bo/1.jpg Cy/1.jpg 0', 'Jose\u0301_0001.jpg Bo_0002.png 0')), [
    [2, 3],
    [0, 1],
  ]);
  assert.throws(() => match(lines('1.jpg Cy/1.jpg 0')), /names 1\.jpg, which may be \/faces\/Bo\/1\.jpg or C:\/faces/);
});
