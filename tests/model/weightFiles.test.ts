import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { readWeightFile } from '../../src-main/model/weights/readWeightFile.ts';
import { readSafetensors, writeSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { savedValues, torchSave, type SavedTensor } from './torchSave.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-weights-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const read = (name: string, content: string | Uint8Array) => readWeightFile(write(name, content));

// Written by safetensors 0.8.0 with numpy 2.4.6: half, double, single, scalar, empty and count, with metadata.
const written =
  'iAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJjb3VudCI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbMV0s' +
  'ImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJkb3VibGUiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzIsMV0sImRhdGFfb2Zmc2V0cyI6' +
  'WzgsMjRdfSwiZW1wdHkiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzI0LDI0XX0sInNjYWxh' +
  'ciI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMjQsMjhdfSwic2luZ2xlIjp7ImR0eXBlIjoiRjMy' +
  'Iiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOlsyOCw1Ml19LCJoYWxmIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOls0XSwi' +
  'ZGF0YV9vZmZzZXRzIjpbNTIsNjBdfX0gIAUAAAAAAAAAmpmZmZmZuT8AAAAAAAAKwAAA8EAAAAAAAACAPwAAAEAAAEBAAACAQAAA' +
  'oEAAPgDA/3sBAA==';

test("a file of Python's safetensors is read: shapes, half, single and double, no numbers, a scalar", () => {
  const tensors = readWeightFile(write('python.safetensors', Buffer.from(written, 'base64')));
  const values = (name: string) => [...(tensors.get(name)?.values() ?? [])];
  assert.deepEqual(
    [...tensors].map(([name, { type, shape }]) => [name, type, shape]),
    [
      ['count', 'I64', [1]],
      ['double', 'F64', [2, 1]],
      ['empty', 'F32', [0, 3]],
      ['scalar', 'F32', []],
      ['single', 'F32', [2, 3]],
      ['half', 'F16', [4]],
    ],
  );
  assert.deepEqual(values('single'), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(values('scalar'), [7.5]);
  assert.deepEqual(values('empty'), []);
  assert.deepEqual(values('double'), [Math.fround(0.1), -3.25]);
  assert.deepEqual(values('half'), [1.5, -2, 65504, 2 ** -24]); // 6e-8 is the smallest half
  assert.throws(() => values('count'), {
    code: 'wrong-input',
    message:
      /python\.safetensors cannot be read as weights: a parameter is stored as I64, but F32, F64, F16 or BF16 was expected/,
  });
});

test('what is written as safetensors comes back with the same bits, and Python reads it by the format alone', () => {
  const path = join(folder, 'round.safetensors');
  const tensors = new Map([
    [
      'a "quoted" ünïcode name',
      { shape: [2, 3], values: Float32Array.from([1, -2, 3e-40, 3e38, Math.fround(0.1), 0]) },
    ],
    ['scalar', { shape: [], values: Float32Array.of(5) }],
    ['none', { shape: [0], values: new Float32Array() }],
  ]);
  writeSafetensors(path, tensors, { format: 'pt', note: 'ü' });
  const back = readWeightFile(path);
  assert.deepEqual([...back.keys()].sort(), [...tensors.keys()].sort());
  for (const [name, { shape, values }] of tensors)
    assert.deepEqual({ shape: back.get(name)?.shape, values: back.get(name)?.values() }, { shape, values });
  const program = `
import json, struct, sys
content = open(sys.argv[1], 'rb').read()
length = struct.unpack('<Q', content[:8])[0]
header = json.loads(content[8:8 + length])
data = content[8 + length:]
metadata = header.pop('__metadata__')
def read(entry):
    begin, end = entry['data_offsets']
    return [entry['shape'], list(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end]))]
print(json.dumps([length % 8, metadata, {name: read(entry) for name, entry in header.items()}]))
`;
  assert.deepEqual(JSON.parse(execFileSync('python3', ['-c', program, path], { encoding: 'utf8' })), [
    0,
    { format: 'pt', note: 'ü' },
    Object.fromEntries([...tensors].map(([name, { shape, values }]) => [name, [shape, [...values]]])),
  ]);
});

/** A safetensors file of a header and so many bytes of data. */
function safetensors(header: unknown, dataBytes: number, length?: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length ?? text.length));
  return Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]);
}
const entry = (shape: readonly unknown[], begin: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test('safetensors that are cut off before their header are refused in a sentence', () => {
  for (const length of [0, 1, 7])
    assert.throws(() => readSafetensors(new Uint8Array(length), (what) => new ArcBenchError('damaged', what)), {
      message: `it has ${length} bytes, fewer than the length of a header takes`,
    });
});

test('safetensors with a header that does not hold are refused in one sentence', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    [
      'overlap',
      safetensors({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12),
      /b begins at byte 4 where 8 was expected: tensors may not overlap/,
    ],
    [
      'same bytes twice',
      safetensors({ a: entry([2], 0, 8), b: entry([2], 0, 8) }, 8),
      /b begins at byte 0 where 8 was expected/,
    ],
    [
      'gap',
      safetensors({ a: entry([2], 0, 8), b: entry([1], 12, 16) }, 16),
      /b begins at byte 12 where 8 was expected/,
    ],
    ['beyond the end', safetensors({ a: entry([4], 0, 16) }, 8), /end at byte 16 of 8: the file is cut short/],
    ['something behind', safetensors({ a: entry([1], 0, 4) }, 8), /end at byte 4 of 8/],
    ['end before begin', safetensors({ a: entry([1], 8, 4) }, 8), /shape \[1\] and type F32 does not fit its -4 bytes/],
    [
      'negative offset',
      safetensors({ a: entry([1], -4, 0) }, 8),
      /entry "a" must have a known dtype, a shape and two data_offsets/,
    ],
    ['shape too large', safetensors({ a: entry([2 ** 40, 2 ** 40], 0, 8) }, 8), /does not fit its 8 bytes/],
    ['shape and bytes', safetensors({ a: entry([3], 0, 8) }, 8), /does not fit its 8 bytes/],
    ['fraction', safetensors({ a: entry([1.5], 0, 6) }, 6), /entry "a"/],
    ['unknown type', safetensors({ a: entry([1], 0, 4, 'F128') }, 4), /entry "a"/],
    ['unknown key', safetensors({ a: { ...entry([1], 0, 4), run: 'x' } }, 4), /entry "a"/],
    ['metadata', safetensors({ __metadata__: { a: 1 } }, 0), /__metadata__ must map text to text/],
    ['prototype', safetensors('{"__proto__": {"dtype": "F32"}}', 0), /entry "__proto__"/],
    ['no JSON', safetensors('{"a": ', 0), /its header is no JSON in UTF-8/],
    [
      'no UTF-8',
      Buffer.concat([safetensors('{"a', 0, 5), Buffer.from([0xff, 0xfe])]),
      /its header is no JSON in UTF-8/,
    ],
    [
      'a duplicate',
      safetensors(
        '{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [1], ' +
          '"data_offsets": [4, 8]}}',
        8,
      ),
      /a begins at byte 4 where 0 was expected/,
    ],
    [
      'header longer than the file',
      safetensors({ a: entry([1], 0, 4) }, 4, 2 ** 40),
      /neither safetensors nor what torch\.save writes/,
    ],
    ['long header', safetensors(`{${' '.repeat(2 ** 26)}}`, 0), /its header has 67108866 bytes, at most 67108864/],
    ['empty', new Uint8Array(), /neither safetensors nor/],
    ['text', Buffer.from('these are no weights'), /neither safetensors nor/],
  ];
  for (const [name, content, sentence] of cases)
    assert.throws(
      () => read(`${name}.safetensors`, content),
      { name: 'ArcBenchError', code: 'wrong-input', message: sentence },
      name,
    );
  assert.throws(() => readWeightFile(join(folder, 'none.pth')), {
    code: 'wrong-input',
    message: /none\.pth cannot be read as weights: there is no such file; model\.weights is 'random', 'imagenet' or/,
  });
  assert.throws(() => readWeightFile(folder), { code: 'wrong-input', message: /it is no file/ });
});

/** Of numbers below 1, by how they are stored; Python truncates bfloat16. */
const tolerances: Readonly<Record<string, number>> = { HalfStorage: 2 ** -11, BFloat16Storage: 2 ** -7 };
const singleTolerance = 2 ** -24;

const tensors: readonly SavedTensor[] = [
  { name: 'conv1.weight', shape: [4, 3, 2, 2] },
  { name: 'transposed', shape: [3, 4, 2], transposed: true },
  { name: 'half', shape: [5], storage: 'HalfStorage' },
  { name: 'bfloat', shape: [5], storage: 'BFloat16Storage' },
  { name: 'double', shape: [2, 2], storage: 'DoubleStorage' },
  { name: 'parameter', shape: [2, 2], parameter: true },
  { name: 'expanded', shape: [2, 3], expanded: true },
  { name: 'scalar', shape: [] },
  { name: 'none', shape: [0, 7] },
  { name: 'bn1.num_batches_tracked', shape: [], storage: 'LongStorage' },
];

for (const format of ['zip', 'legacy'] as const) {
  test(
    `torch's ${format} files are read, written by Python's pickler with protocols 2 to 5, alone and inside ` +
      'checkpoints',
    () => {
      const orders = [2, 3, 4, 5].flatMap((protocol) =>
        [[], ['state_dict'], ['model', 'state_dict']].map((wrappers) => ({
          path: join(folder, `${format}-${protocol}-${wrappers.length}.pth`),
          format,
          protocol,
          wrappers,
          tensors,
        })),
      );
      torchSave(orders);
      for (const { path } of orders) {
        const found = readWeightFile(path);
        assert.deepEqual(
          [...found].map(([name, { shape }]) => [name, shape]),
          tensors.map(({ name, shape }) => [name, shape]),
          path,
        );
        tensors
          .filter(({ storage }) => storage !== 'LongStorage')
          .forEach(({ name, shape, storage, expanded }, t) => {
            const actual = found.get(name)?.values() ?? [];
            const count = elementCount(shape);
            const expected = expanded ? Array.from({ length: count }, () => Math.sin(t)) : savedValues(t, count);
            assert.equal(actual.length, expected.length, name);
            const tolerance = tolerances[storage ?? ''] ?? singleTolerance;
            expected.forEach((value, index) =>
              assert.ok(
                Math.abs(value - (actual[index] as number)) <= tolerance,
                `${path}: ${name}[${index}] is ${actual[index]}, not ${value}`,
              ),
            );
          });
      }
    },
  );
}

// Written by torch 2.15.0 in a process of its own, deflated for this file: torch.save of an OrderedDict of a transposed
// view, rows 1 and 2 of the same numbers k / 8, a half, a bfloat16, an expanded, a scalar, a Parameter and a whole
// number; the zip as {epoch, state_dict}.
const byTorch = {
  zip:
    'eNqlls9vG0UUx8c/YrubhB9JCGkKpUAAB1LHXnvXNmljd9MuhUUiWUCyuLgbexO7bLx+63EKlRCRkEPhBKiqOCF64AYSN669c0Ii' +
    'iAM3uCAO8CcwM7t2Zjc/rDQjP/+cz/d9Z3beW69qkShCiQQ6MMbQNLrdbC/WDWyk2u9bqjKB3jswdsIfAUpWRghgtu1aA0JaqCKQ' +
    'Tx1sYLNab9YwhGs127LMGm7arY7wllM3HbN+lfwiQGReh2iyEiIAhpEatp1aI1Xt4qbVEaqOud5tWvUqNlsd26luiwLEkslKnKnb' +
    'jrFpQtxFBNWyDfy2+6UACSaYhjOVCHmttbsgaGMYRtc0pEW1yC6MaSEtugvjnzWogUcwPKrDYxWyEcixb3Xg8QbJ04g3Eo0zDUZO' +
    'rBEuTJFJ8ia0C1Mu+QSGaR2eZGTDsDZgxiU9V9fJVwNTZ5mpDMwSyTCGc9RMuAdPaaEePO3KncfwjA4XKmEycX0DnvWJKWyNGXkg' +
    '+BwTFOF5V3DOE3yBCr7oCr6EIanDfIVeXvODttGqm3V4ub86xmfhFcKHMCxQPtKDixrqQcrlFzGkdchUYnTLa4ZlOCD66BxkXTpH' +
    '6Pl5l5IwyDrk2YQ2FI64qm3DMbZMbDoCFH2aErzqrmjJW9EluqLLrvYyhpIO5Tvsw5VPQdFhhVEtuOrbrjft1uZgq66xKTKortnX' +
    'OLPXMbyuwxvdbmpViydSqbW9n8n201g9sjQmUY6VRmrDdrYMXN02nQ4526qSPqRCjh8ZmvWnf//4hBqkcXTWabTkZvUOf9Wwmput' +
    'LbOFVSV/4sTekHPUQOkW/E0PXfhYA+NohRlY/xCbNq1iVSk9bN7+sJoYWyb10Lv851l6zmLHehCQMuhKi2lVWT6lAU92GaEdEg9I' +
    'oBJCF0iUSdwgsUPiCxLfkvixRJ3amRvdNG0wQ5zO7DvNqMrUoU5J5gdUU97bu0u7SHSIZnRfU1QV6rZcpvxc57c7J+SzjCfro/zN' +
    'm/e/PyGfc/n/WP7Mx3MrJ+Slfn7yxDS2vyulKJQYolHe15BV5dKpTkDEU6X5P//9h3+G5x8lB4TmHxT90mkMZAWa+ZdvNt8dXn+z' +
    'SHYbAFt6x3SapAPcNuhttdqsq4r4EEbScqEoiUVJzuULkpiWJSlfSOfIIyPKRVks5tL5rCzKEnW5cG3tryTxkWQuQ9TswCffOMcO' +
    'OOf/RwRJvvlN+qhzEXRYmw0K8M1r2ifwZV/gQMcMavDNZ9ynMRFF/qYXRPluIPjQe1HE9aogx1e8nyuPcFwmyPGV7ufu8pwY5PgK' +
    '93O/8lw2yPGV7eemYhyXC3J8Nfu5d3hOCnJ8Ffq5r3lODnJ8DY36uJk44is2CPLHetYHfuWBhxfcqhaLLXgzz0cucrdJ/2vE6zGF' +
    'RL/VxOhfWLTkuXTv+iMxlxln8925/wN1SGAh',
  legacy:
    'eNp1k0lv01AQx70lLaYtZaesZU9YgpM4i1maUEqpZLaaiy/IuM5rbWTsjP1SFqlSLimFEx+AA0eOfIR+HW5ckXpgvChthGtp7Pee' +
    '3/z+M/Pm9bmvorvzffHv7NufL2dKfe7Zbx7fG8AU9GmGYbqBT33Ld411EoSO7wGLG/RJ/OM6lLrEIF7HMT3gtnQRF+nHLjFC5xMJ' +
    'gd8AoaDncDG0/YBCTuV0HmeORyGvCroQMXxvDcZUoddDTQtlXGJRVAnFF0GHBKSz4FhUBKaoAVvQ2UgAOIv6gWWXjB513FA0ArLS' +
    'c9yOQYkX+oGxXhGBLxT0sUgYd5prBITERVx0fZO+ShZFyOlTuEepKpJUlRWl0ZCaTcjHMVrdHoY18ZzC+LLKqILKb8IBlVWFTRC/' +
    '2FE4BylMaDAZZxH470OYslHVFuxM6iE7oU0vI4uLMIdxwG7CkYR2lMIxDY7HNNt0V+FEQkvjXsKlYdgndwVkuarUa7IswSkU4FBg' +
    'JgqXG8BplR3AmQR+lsI5Dc7rHLqtrMKFEfR8XJNyfYif3YuXy1WlIctwMcVfSvGXI/yVBH+VwjUNruvj6EY+dE2vQzpQ+L8aUbCV' +
    'Rl1uQhFpLNJuRDR+ADdVZgC3EtptCiUN7uj56Pgs0zUDkPZjNZQKlFNWBVnFYsKoUpA1qMX90oX6Pv3SNQPzHaEkEKGRcXY1SapV' +
    'K+U6NNPclTT3u1Hu9xKl+xQeaDC3FU9an6GtwcNY1oP5kTI/xUYflvjRqIzUqNdlWEgTebwnkUUKTzRYii7H6+hCZnQWm8XisvLg' +
    's45CyKppLqvD8ll9MUZKE8zIM8cwfbRtNKbFMLNobbQ3aH20b2g/0H612NSBT7/cEBHtY9rsnvnu+E+b21XaHo5b7fY/hXkkyA==',
};
for (const [format, content] of Object.entries(byTorch)) {
  test(`a ${format} file of torch itself is read: views, halves, expanded tensors, parameters`, () => {
    const found = read(`torch-${format}.pth`, inflateSync(Buffer.from(content, 'base64')));
    const eighths = (...numbers: number[]) => numbers.map((number) => number / 8);
    const expected: [string, number[], number[]][] = [
      ['t', [4, 3], eighths(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11)],
      ['rows', [2, 4], eighths(4, 5, 6, 7, 8, 9, 10, 11)],
      ['half', [2], [1.5, -2]],
      ['bf', [2], [0.5, 3]],
      ['expanded', [3], [1, 1, 1]],
      ['scalar', [], [7.5]],
      ['p', [2], [1, 2]],
    ];
    assert.deepEqual([...found.keys()], [...expected.map(([name]) => name), 'n']);
    for (const [name, shape, values] of expected)
      assert.deepEqual([found.get(name)?.shape, [...(found.get(name)?.values() ?? [])]], [shape, values], name);
  });
}

test('a compressed, a cut and a foreign zip are refused', () => {
  const [compressed, whole] = ['compressed.pth', 'whole.pth'].map((name) => join(folder, name)) as [string, string];
  torchSave([
    { path: compressed, format: 'zip', tensors, compressed: true },
    { path: whole, format: 'zip', tensors },
  ]);
  assert.throws(() => readWeightFile(compressed), {
    code: 'wrong-input',
    message: /its zip is compressed, which torch\.save never does/,
  });
  const bytes = readFileSync(whole);
  assert.throws(() => read('cut.pth', bytes.subarray(0, bytes.length - 30)), {
    code: 'wrong-input',
    message: /its zip is (broken|cut short)/,
  });
  execFileSync('python3', [
    '-c',
    "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('a.txt', 'text')",
    join(folder, 'foreign.pth'),
  ]);
  assert.throws(() => readWeightFile(join(folder, 'foreign.pth')), {
    code: 'wrong-input',
    message: /a zip without data\.pkl/,
  });
});
