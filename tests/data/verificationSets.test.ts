import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { isList, isTuple } from '../../src-main/files/pickle/pickled.ts';
import { readPickle } from '../../src-main/files/pickle/pickleMachine.ts';
import { numpyDialect } from '../../src-main/data/verification/numpyPickle.ts';
import { sharedFaces } from '../sharedFaces.ts';
import { readVerificationSet } from '../../src-main/data/verification/verificationSet.ts';
import { writeVerificationSet, type WrittenPair } from '../../src-main/data/verification/writeVerificationSet.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-sets-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const golden = fileURLToPath(new URL('../golden/verification/', import.meta.url));

// What tests/golden/verification/writeSets.py pickles.
const pictures = Array.from({ length: 20 }, (_, index) =>
  Buffer.from([0xff, 0xd8, 0xff, 0xe0, index, 255 - index, 0, 0x80 + index, 0xff, 0xd9]),
);
const same = Array.from({ length: 10 }, (_, index) => (index % 3 === 1 ? 0 : 1));
const names = readdirSync(golden).filter((name) => name.endsWith('.bin'));

let files = 0;
function fileOf(content: Uint8Array): string {
  const path = join(folder, `${files++}.bin`);
  writeFileSync(path, content);
  return path;
}

const hexOf = (content: Uint8Array) => Buffer.from(content).toString('hex');
type Part = string | readonly number[] | Uint8Array;
const bytes = (...parts: readonly Part[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

const pickle = (...parts: readonly Part[]) => bytes([0x80, 3], ...parts);

function refusalOf(content: Uint8Array): string {
  try {
    readVerificationSet(fileOf(content));
  } catch (error) {
    assert.ok(error instanceof ArcBenchError, String(error));
    assert.match(error.message, /cannot be read as a verification set: [^\n]+; correct evaluation\.sets\.$/);
    return error.message;
  }
  return 'was read';
}

test('each form that Python and numpy pickle is read', () => {
  assert.equal(names.length, 20);
  for (const name of names) {
    const set = readVerificationSet(join(golden, name));
    assert.equal(set.name, name.slice(0, -4));
    assert.deepEqual(set.pictures.map(hexOf), pictures.map(hexOf), name);
    assert.deepEqual([...set.same], same, name);
  }
});

/** Pictures and truth values as Python 2 pickles them, with short and long strings, or arrays of numpy 1. */
function pythonTwo(pictureOf: (picture: Buffer, index: number) => Buffer): Buffer {
  const truths = same.map((truth) => (truth === 1 ? 0x88 : 0x89));
  return bytes([0x80, 2], ']q\0(', ...pictures.map(pictureOf), 'e](', truths, 'e', [0x86, 0x2e]);
}

const shortString = (content: Uint8Array) => bytes('U', [content.length], content);

test("Python 2's strings are pictures, alone and in arrays", () => {
  const strings = pythonTwo((picture, index) =>
    index % 2 === 0 ? shortString(picture) : bytes('T', [picture.length, 0, 0, 0], picture, 'r', [index, 1, 0, 0]),
  );
  const array = (picture: Buffer) =>
    bytes(
      'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R',
      '(K\x01K',
      [picture.length],
      'K\x01\x86cnumpy\ndtype\nU\x02u1K\0K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89',
      shortString(picture),
      'tb',
    );
  for (const content of [strings, pythonTwo(array)]) {
    const set = readVerificationSet(fileOf(content));
    assert.deepEqual(set.pictures.map(hexOf), pictures.map(hexOf));
    assert.deepEqual([...set.same], same);
  }
});

test('a pickle of one picture and two truth values is read byte by byte', () => {
  const pickle = Buffer.from('80035d71004306ffd84142ffd97101615d7102288889658671032e', 'hex');
  const { value, end } = readPickle(
    pickle,
    0,
    numpyDialect(pickle, (reason) => new ArcBenchError('failed', reason)),
  );
  assert.equal(end, pickle.length);
  assert.ok(isTuple(value));
  const [bins, truths] = value.items;
  assert.ok(isList(bins) && isList(truths));
  assert.deepEqual(
    bins.items.map((bin) => bin instanceof Uint8Array && hexOf(bin)),
    ['ffd84142ffd9'],
  );
  assert.deepEqual(truths.items, [true, false]);
});

test('the golden set of Python 2 is read byte by byte', () => {
  const pickled = readFileSync(new URL('../golden/formats/py2.bin', import.meta.url));
  const { value } = readPickle(
    pickled,
    0,
    numpyDialect(pickled, (reason) => new ArcBenchError('failed', reason)),
  );
  assert.ok(isTuple(value));
  const [bins] = value.items;
  assert.ok(isList(bins));
  assert.deepEqual(
    bins.items.map((bin) => bin instanceof Uint8Array && hexOf(bin)),
    ['ffd84142ffd9', 'ffd84344ffd9'],
  );
});

const sample = sharedFaces('small_lfw.bin');
test("insightface's sample is read, and refused for its missing kind of pair", { skip: sample.skip }, () => {
  assert.throws(() => readVerificationSet(sample.path), /all of its 10 pairs are of one person/);
});

test('what runs code, or is no such set, is refused in a sentence', () => {
  const marker = join(folder, 'was-run');
  const whole = readFileSync(join(golden, 'bytes-3.bin'));
  const list = (count: number) =>
    pickle('](', ...pictures.slice(0, count).map((one) => bytes('C', [one.length], one)), 'e');
  const truths = (codes: readonly number[]) => pickle('](', codes, 'e');
  const cases: readonly (readonly [name: string, content: Uint8Array, reason: RegExp])[] = [
    ['nothing', bytes(), /it does not begin as a pickle/],
    ['a text', bytes('hello world'), /it does not begin as a pickle of protocol 2 to 5/],
    ['code', pickle(`cposix\nsystem\nX\x10\0\0\0touch ${marker}`.slice(0, 60), '\x85R.'), /asks for posix\.system/],
    ['a name made of texts', pickle('\x8c\x08builtins\x8c\x04eval\x93.'), /asks for builtins\.eval/],
    ['an object', pickle('c__builtin__\nobject\n)\x81.'), /asks for __builtin__\.object/],
    ['an instance', pickle('(iposix\nsystem\n.'), /has the operation 0x69/],
    ['a persistent id', pickle('NQ.'), /refers to another file/],
    ['an array without state', pickle('cnumpy\nndarray\n)R.'), /makes a numpy\.ndarray of arguments that do not fit/],
    ['other numbers', pickle('cnumpy\ndtype\nX\x02\0\0\0f8K\0K\x01\x87R.'), /makes a numpy\.dtype of arguments/],
    ['a number', pickle('K\x01.'), /a pair of a list of pictures and a list of truth values was expected/],
    ['three lists', pickle(']]]\x87.'), /a pair of a list of pictures/],
    ['numbers as pictures', pickle('](K\x01e](\x88e\x86.'), /picture 1 is no bytes/],
    ['texts as pictures', pickle('](C\x05helloe](\x88e\x86.'), /picture 1 is no JPEG or PNG/],
    ['numbers as truths', pickle(list(20), '](K\x05e\x86.'), /truth value 1 is neither true nor false/],
    ['an odd picture', pickle(list(19), truths(Array(10).fill(0x88)), '\x86.'), /it has 19 pictures for 10 pairs/],
    ['few pairs', pickle(list(4), truths([0x88, 0x89]), '\x86.'), /it has 2 pairs, too few for the 10 folds/],
    ['one kind', pickle(list(20), truths(Array(10).fill(0x88)), '\x86.'), /all of its 10 pairs are of one person/],
    ['cut', whole.subarray(0, whole.length - 40), /ends too early|too few|neither|is no/],
  ];
  for (const [name, content, reason] of cases) assert.match(refusalOf(content), reason, name);
  assert.ok(!existsSync(marker), 'code of a pickle was run');
  assert.throws(() => readVerificationSet(join(folder, 'none.bin')), /it is not there/);
  assert.throws(() => readVerificationSet(folder), /it is no file/);
});

test('a pickle cannot fill the memory with one text', () => {
  const long = 'x'.repeat(200_000);
  const head = Buffer.alloc(5, 'X');
  head.writeUInt32LE(long.length, 1);
  const again = 'h\x01h\x02R0'; // recalls the name and its arguments, calls, throws the result away
  const content = bytes(
    [0x80, 2],
    'c_codecs\nencode\nq\x01',
    head,
    long,
    'X\x06\0\0\0latin1\x86q\x02R',
    again.repeat(10_000),
    '.',
  );
  assert.match(refusalOf(content), /makes more bytes than the file has/);
});

test('cut and changed sets are read or refused in a sentence', () => {
  const random = randomStream(2, 'verification sets');
  for (const name of names) {
    const whole = readFileSync(join(golden, name));
    for (let round = 0; round < 60; round++) {
      const content = Buffer.from(round % 2 === 0 ? whole : whole.subarray(0, random.integer(whole.length)));
      for (let flips = round % 4; flips > 0 && content.length > 0; flips--)
        content[random.integer(content.length)] = random.integer(256);
      refusalOf(content);
    }
  }
});

test('a set is written as insightface reads it', async () => {
  const path = join(folder, 'written.bin');
  async function* pairs(): AsyncGenerator<WrittenPair> {
    for (const [index, truth] of same.entries())
      yield { first: pictures[2 * index] as Buffer, second: pictures[2 * index + 1] as Buffer, same: truth === 1 };
  }
  assert.equal(await writeVerificationSet(path, pairs()), 10);
  const set = readVerificationSet(path);
  assert.deepEqual([set.pictures.map(hexOf), [...set.same]], [pictures.map(hexOf), same]);
  // insightface's load_bin, by Python itself
  const script =
    "import pickle, sys; bins, issame = pickle.load(open(sys.argv[1], 'rb'), encoding='bytes'); " +
    'print(len(bins), [bin.hex() for bin in bins] == sys.argv[2].split(), issame)';
  assert.equal(
    execFileSync('python3', ['-c', script, path, pictures.map(hexOf).join(' ')], { encoding: 'utf8' }).trim(),
    `20 True [${same.map((truth) => (truth === 1 ? 'True' : 'False')).join(', ')}]`,
  );
});

test('a set that cannot be finished leaves nothing behind', async () => {
  async function* pairs(): AsyncGenerator<WrittenPair> {
    yield { first: pictures[0] as Buffer, second: pictures[1] as Buffer, same: true };
    throw new ArcBenchError('wrong-input', 'The second picture is gone.');
  }
  await assert.rejects(writeVerificationSet(join(folder, 'broken.bin'), pairs()), /The second picture is gone/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('broken')),
    [],
  );
});
