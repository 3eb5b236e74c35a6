import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { readWeightFile } from '../../src-main/model/weights/readWeightFile.ts';
import { writeSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { torchSave } from './torchSave.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-hostile-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const marker = join(folder, 'was-run');

/** Of the processor, since other processes share it. */
const secondsSince = (start: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

/** Reads and decodes a file; returns the refusal's sentence, or null. Any other error is let through. */
function refusalOf(path: string): string | null {
  try {
    for (const tensor of readWeightFile(path).values()) if (/^B?F\d+$/.test(tensor.type)) tensor.values();
    return null;
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    assert.equal(error.code, 'wrong-input');
    assert.match(error.message, /cannot be read as weights: [^\n]+\.$/);
    assert.ok(error.message.length < 900, error.message);
    return error.message;
  }
}

test('pickles that call code, or reach beyond their numbers, are refused in a sentence, and nothing is run', () => {
  const [files, later] = [2, 4].map((protocol) => {
    const target = mkdtempSync(join(folder, 'p'));
    return JSON.parse(torchSave([{ hostile: marker, folder: target, protocol }])) as [string, string][];
  }) as [[string, string][], [string, string][]];
  for (const [name, path] of [...files, ...later]) {
    const refusal = refusalOf(path);
    assert.ok(refusal, `${name} was read`);
    if (!name.endsWith('bare'))
      assert.match(
        refusal,
        /asks for (posix\.system|builtins\.\w+|__builtin__\.\w+|_?io\.open|(commands|subprocess)\.Popen)|of arguments that do not fit/,
        name,
      );
  }
  assert.ok(!existsSync(marker), 'code of a pickle was run');
  // The same bytes do run in Python: the test would see it.
  const bare = files.find(([name]) => name === 'os.system, bare') as [string, string];
  execFileSync('python3', ['-c', "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))", bare[1]]);
  assert.ok(existsSync(marker));
});

/** Zips as torch's around pickles given as bytes, without records. */
function zipsOf(pickles: readonly Uint8Array[]): string[] {
  const target = mkdtempSync(join(folder, 'cases-'));
  pickles.forEach((pickle, index) => writeFileSync(join(target, `${index}.pkl`), pickle));
  execFileSync('python3', [
    '-c',
    "import glob, sys, zipfile\nfor path in glob.glob(sys.argv[1] + '/*.pkl'): zipfile.ZipFile(path[:-3] + " +
      "'pth', 'w').write(path, 'archive/data.pkl')",
    target,
  ]);
  return pickles.map((_, index) => join(target, `${index}.pth`));
}
const bytes = (...parts: readonly (string | number | readonly number[] | Uint8Array)[]) =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(typeof part === 'number' ? [part] : part),
    ),
  );
const repeated = (text: string, count: number) => Buffer.alloc(count * text.length, text, 'latin1');

test('operations that tensors do not need, and abuse of those that they do, are refused within 5 s', () => {
  const cases: [string, Buffer, RegExp][] = [
    ['INST', bytes([0x80, 2], "(S'touch'\niposix\nsystem\n."), /operation 0x53/],
    ['INST alone', bytes([0x80, 2], '(iposix\nsystem\n.'), /operation 0x69/],
    ['OBJ', bytes([0x80, 2], '(ccollections\nOrderedDict\no.'), /operation 0x6f/],
    ['NEWOBJ', bytes([0x80, 2], 'ccollections\nOrderedDict\n)', 0x81, '.'), /operation 0x81/],
    ['EXT1', bytes([0x80, 2, 0x82, 1], '.'), /operation 0x82/],
    ['PERSID', bytes([0x80, 2], 'Pstorage\n.'), /operation 0x50/],
    [
      'a global with a newline behind',
      bytes([0x80, 2], 'ctorch._utils\n_rebuild_tensor_v2 \n.'),
      /asks for torch\._utils\._rebuild_tensor_v2 ,/,
    ],
    [
      'a dotted global',
      bytes([0x80, 4, 0x8c, 5], 'torch', [0x8c, 9], 'os.system', [0x93], '.'),
      /asks for torch\.os\.system/,
    ],
    ['names split elsewhere', bytes([0x80, 4, 0x8c, 0], [0x8c, 4], 'eval', [0x93], '.'), /asks for \.eval/],
    ['the prototype', bytes([0x80, 2], 'c__proto__\nconstructor\n.'), /asks for __proto__\.constructor/],
    ['a control character in a name', bytes([0x80, 2], 'cos\x1b[2J\nsystem\n.'), /asks for os\?\[2J\.system/],
    ['REDUCE of text', bytes([0x80, 2, 0x8c, 9], 'os.system', ')R.'), /calls what is no name/],
    ['REDUCE of a storage type', bytes([0x80, 2], 'ctorch\nFloatStorage\n)R.'), /of arguments that do not fit/],
    ['BUILD of a list', bytes([0x80, 2], ']}b.'), /sets the state of an object/],
    ['BUILD of a global', bytes([0x80, 2], 'ctorch\nSize\n}b.'), /sets the state of an object/],
    ['a persistent id that is no storage', bytes([0x80, 2], ')Q.'), /refers to something that is no storage/],
    [
      'a persistent id of code',
      bytes([0x80, 2], '(', 0x8c, 7, 'storage', 'cposix\nsystem\n', 'tQ.'),
      /asks for posix\.system/,
    ],
    ['memo of nothing', bytes([0x80, 2], 'h\x07.'), /recalls 7, which was never kept/],
    ['an empty stack', bytes([0x80, 2], '0.'), /its stack is empty/],
    ['no mark', bytes([0x80, 2], 'Nt.'), /a mark is missing/],
    ['no end', bytes([0x80, 2], '}'), /it ends too early/],
    ['a protocol to come', bytes([0x80, 9], '}.'), /its protocol is unknown/],
    [
      'a text longer than the file',
      bytes([0x80, 4, 0x8d, 0, 0, 0, 0, 0, 1, 0, 0], '.'),
      /a text of 1099511627776 bytes/,
    ],
    [
      'a whole number longer than the file',
      bytes([0x80, 2, 0x8b, 0xff, 0xff, 0xff, 0x7f], '.'),
      /a whole number of 2147483647 bytes/,
    ],
    ['a long text', bytes([0x80, 2], 'X', [0, 0, 2, 0], 'a'.repeat(2 ** 17), '.'), /a text of 131072 bytes/],
    ['a tuple as key', bytes([0x80, 2], '})Ns.'), /a key that is neither text nor a number/],
    ['marks without end', Buffer.concat([bytes([0x80, 2]), repeated('(', 3_000_000)]), /more than 1000000 operations/],
    [
      'lists in lists',
      Buffer.concat([bytes([0x80, 2]), repeated(']', 400_000), repeated('a', 399_999), bytes('.')]),
      /holds no tensors by name/,
    ],
    [
      'tuples in tuples',
      Buffer.concat([bytes([0x80, 2], ')'), repeated('\x85', 900_000), bytes('.')]),
      /holds no tensors by name/,
    ],
    [
      'copies without end',
      Buffer.concat([bytes([0x80, 2], '}'), repeated('2', 3_000_000)]),
      /more than 1000000 operations/,
    ],
    ['a dict in itself', bytes([0x80, 2], '}q\x00', 0x8c, 10, 'state_dict', 'h\x00s.'), /holds no tensors by name/],
    [
      'a billion laughs',
      bytes(
        [0x80, 2],
        ']q\x00',
        ...Array.from({ length: 60 }, (_, level) =>
          bytes('](', ...Array.from({ length: 10 }, () => bytes('h', level)), 'eq', level + 1),
        ),
        '.',
      ),
      /holds no tensors by name/,
    ],
  ];
  for (const [index, path] of zipsOf(cases.map(([, pickle]) => pickle)).entries()) {
    const [name, , sentence] = cases[index] as (typeof cases)[number];
    const started = process.cpuUsage();
    assert.match(refusalOf(path) ?? 'was read', sentence, name);
    assert.ok(secondsSince(started) < 5, `${name} took ${secondsSince(started)} s`);
  }
});

test('zips that claim more than they hold are refused before their bytes are copied', () => {
  const program = `
import io, struct, sys, zipfile
folder = sys.argv[1]
def central(name, size, method=0, original=None):
    original = size if original is None else original
    fields = (20, 20, 0, method, 0, 0, 0, size, original, len(name), 0, 0, 0, 0, 0, 0)
    return struct.pack('<4s6H3L5H2L', b'PK\\x01\\x02', *fields) + name
def end(count, size, offset):
    return struct.pack('<4s4H2LH', b'PK\\x05\\x06', 0, 0, count, count, size, offset, 0)
def archive(entries, body):
    directory = b''.join(entries)
    return body + directory + end(len(entries) % 65536, len(directory), len(body))
body = struct.pack('<4s5H3L2H', b'PK\\x03\\x04', 20, 0, 0, 0, 0, 0, 1 << 20, 1 << 20, 1, 0) + b'a' + bytes(1 << 20)
overlapping = [central(b'archive/data/%05d' % i, 1 << 20) for i in range(60000)]
open(f'{folder}/overlapping.pth', 'wb').write(archive(overlapping, body))
open(f'{folder}/same-name.pth', 'wb').write(archive([central(b'archive/data.pkl', 10)] * 2, body))
open(f'{folder}/larger.pth', 'wb').write(archive([central(b'archive/data.pkl', 10, 0, 1 << 30)], body))
open(f'{folder}/deflated.pth', 'wb').write(archive([central(b'archive/data.pkl', 10, 8, 0xfffffff0)], body))
zip64 = struct.pack('<4sQ2H2L4Q', b'PK\\x06\\x06', 44, 45, 45, 0, 0, 1, 0xffffffff, 0, len(body))
locator = struct.pack('<4sLQL', b'PK\\x06\\x07', 0, len(body), 1)
open(f'{folder}/count.pth', 'wb').write(body + zip64 + locator + end(65535, 0, 0xffffffff))
`;
  execFileSync('python3', ['-c', program, folder]);
  for (const [name, sentence] of [
    ['overlapping', /names more than it can hold/],
    ['same-name', /names more than it can hold/],
    ['larger', /its zip is compressed/],
    ['deflated', /its zip is compressed/],
    ['count', /its zip|names more/],
  ] as const) {
    const started = process.cpuUsage();
    const memory = process.memoryUsage().rss;
    assert.match(refusalOf(join(folder, `${name}.pth`)) ?? 'was read', sentence, name);
    assert.ok(secondsSince(started) < 5, `${name} took ${secondsSince(started)} s`);
    assert.ok(
      process.memoryUsage().rss - memory < 300 * 2 ** 20,
      `${name} took ${process.memoryUsage().rss - memory} bytes`,
    );
  }
});

test(
  '3,000 seeded mutations of a zip, a legacy and a safetensors file: read or refused in a sentence, none ' +
    'crashes, hangs or writes',
  () => {
    const target = mkdtempSync(join(folder, 'fuzz-'));
    const originals = ['zip.pth', 'legacy.pth', 'plain.safetensors'].map((name) => join(target, name)) as [
      string,
      string,
      string,
    ];
    const tensors = [
      { name: 'conv1.weight', shape: [4, 3, 2, 2] },
      { name: 'bn1.weight', shape: [4], storage: 'HalfStorage' },
      { name: 'fc.weight', shape: [3, 4], transposed: true },
      { name: 'bn1.num_batches_tracked', shape: [], storage: 'LongStorage' },
    ];
    torchSave([
      { path: originals[0], format: 'zip', tensors },
      { path: originals[1], format: 'legacy', tensors },
    ]);
    writeSafetensors(
      originals[2],
      new Map([
        ['conv1.weight', { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }],
        ['bn1.weight', { shape: [4], values: new Float32Array(4) }],
      ]),
      { format: 'pt' },
    );
    const mutant = join(target, 'mutant');
    const random = randomStream(20, 'weights');
    const counts = { read: 0, refused: 0 };
    const telling = [0, 1, 0x28, 0x2e, 0x52, 0x63, 0x7f, 0x80, 0xff, 0x93, 0x81, 0x62];
    let slowest = 0;
    for (const original of originals) {
      const content = readFileSync(original);
      for (let trial = 0; trial < 1000; trial++) {
        const changed = Buffer.from(content);
        for (let change = 0; change <= random.integer(4); change++)
          changed[random.integer(changed.length)] =
            random.integer(2) === 0 ? random.integer(256) : (telling[random.integer(telling.length)] as number);
        const from = random.integer(changed.length);
        const kind = random.integer(6);
        const start = changed.subarray(0, from);
        let written = changed;
        if (kind === 0) written = start;
        if (kind === 1) written = Buffer.concat([start, changed.subarray(random.integer(changed.length))]);
        writeFileSync(mutant, written);
        const started = process.cpuUsage();
        counts[refusalOf(mutant) === null ? 'read' : 'refused']++;
        slowest = Math.max(slowest, secondsSince(started));
      }
    }
    assert.ok(slowest < 5, `one took ${slowest} s`);
    // mutants of both sorts, so that both paths were tried
    assert.ok(counts.read > 100 && counts.refused > 1000, JSON.stringify(counts));
    assert.deepEqual(readdirSync(target).sort(), ['legacy.pth', 'mutant', 'plain.safetensors', 'zip.pth']);
  },
);
