import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readWeightFile } from '../../src-main/model/weights/readWeightFile.ts';
import { writeSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { savedValues, torchSave, type SavedTensor } from './torchSave.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-weights-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const read = (name: string, content: string | Uint8Array) => readWeightFile(write(name, content));

// Written by safetensors 0.8.0 with numpy 2.4.6: half, double, single, scalar, empty and count, with metadata.
const written = 'iAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJjb3VudCI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJkb3VibGUiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzIsMV0sImRhdGFfb2Zmc2V0cyI6WzgsMjRdfSwiZW1wdHkiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzI0LDI0XX0sInNjYWxhciI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMjQsMjhdfSwic2luZ2xlIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOlsyOCw1Ml19LCJoYWxmIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOls0XSwiZGF0YV9vZmZzZXRzIjpbNTIsNjBdfX0gIAUAAAAAAAAAmpmZmZmZuT8AAAAAAAAKwAAA8EAAAAAAAACAPwAAAEAAAEBAAACAQAAAoEAAPgDA/3sBAA==';

test("a file of Python's safetensors is read: shapes, half, single and double, no numbers, a scalar", () => {
  const tensors = readWeightFile(write('python.safetensors', Buffer.from(written, 'base64')));
  const values = (name: string) => [...(tensors.get(name)?.values() ?? [])];
  assert.deepEqual([...tensors].map(([name, { type, shape }]) => [name, type, shape]), [['count', 'I64', [1]], ['double', 'F64', [2, 1]], ['empty', 'F32', [0, 3]], ['scalar', 'F32', []], ['single', 'F32', [2, 3]], ['half', 'F16', [4]]]);
  assert.deepEqual(values('single'), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(values('scalar'), [7.5]);
  assert.deepEqual(values('empty'), []);
  assert.deepEqual(values('double'), [Math.fround(0.1), -3.25]);
  assert.deepEqual(values('half'), [1.5, -2, 65504, 2 ** -24]); // 6e-8 is the smallest half
  assert.throws(() => values('count'), { code: 'wrong-input', message: /python\.safetensors cannot be read as weights: a parameter is stored as I64, but F32, F64, F16 or BF16 was expected/ });
});

test('what is written as safetensors comes back with the same bits, and Python reads it by the format alone', () => {
  const path = join(folder, 'round.safetensors');
  const tensors = new Map([['a "quoted" ünïcode name', { shape: [2, 3], values: Float32Array.from([1, -2, 3e-40, 3e38, Math.fround(0.1), 0]) }], ['scalar', { shape: [], values: Float32Array.of(5) }], ['none', { shape: [0], values: new Float32Array() }]]);
  writeSafetensors(path, tensors, { format: 'pt', note: 'ü' });
  const back = readWeightFile(path);
  assert.deepEqual([...back.keys()].sort(), [...tensors.keys()].sort());
  for (const [name, { shape, values }] of tensors) assert.deepEqual({ shape: back.get(name)?.shape, values: back.get(name)?.values() }, { shape, values });
  const program = `
import json, struct, sys
content = open(sys.argv[1], 'rb').read()
length = struct.unpack('<Q', content[:8])[0]
header = json.loads(content[8:8 + length])
data = content[8 + length:]
print(json.dumps([length % 8, header.pop('__metadata__'), {name: [entry['shape'], list(struct.unpack(f"<{(entry['data_offsets'][1] - entry['data_offsets'][0]) // 4}f", data[slice(*entry['data_offsets'])]))] for name, entry in header.items()}]))
`;
  assert.deepEqual(JSON.parse(execFileSync('python3', ['-c', program, path], { encoding: 'utf8' })), [0, { format: 'pt', note: 'ü' }, Object.fromEntries([...tensors].map(([name, { shape, values }]) => [name, [shape, [...values]]]))]);
});

/** A safetensors file of a header and so many bytes of data. */
function safetensors(header: unknown, dataBytes: number, length?: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length ?? text.length));
  return Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]);
}
const entry = (shape: readonly unknown[], begin: number, end: number, dtype = 'F32') => ({ dtype, shape, data_offsets: [begin, end] });

test('safetensors with a header that does not hold are refused in one sentence', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['overlap', safetensors({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12), /b begins at byte 4 where 8 was expected: tensors may not overlap/],
    ['same bytes twice', safetensors({ a: entry([2], 0, 8), b: entry([2], 0, 8) }, 8), /b begins at byte 0 where 8 was expected/],
    ['gap', safetensors({ a: entry([2], 0, 8), b: entry([1], 12, 16) }, 16), /b begins at byte 12 where 8 was expected/],
    ['beyond the end', safetensors({ a: entry([4], 0, 16) }, 8), /end at byte 16 of 8: the file is cut short/],
    ['something behind', safetensors({ a: entry([1], 0, 4) }, 8), /end at byte 4 of 8/],
    ['end before begin', safetensors({ a: entry([1], 8, 4) }, 8), /shape \[1\] and type F32 does not fit its -4 bytes/],
    ['negative offset', safetensors({ a: entry([1], -4, 0) }, 8), /entry "a" must have a known dtype, a shape and two data_offsets/],
    ['shape too large', safetensors({ a: entry([2 ** 40, 2 ** 40], 0, 8) }, 8), /does not fit its 8 bytes/],
    ['shape and bytes', safetensors({ a: entry([3], 0, 8) }, 8), /does not fit its 8 bytes/],
    ['fraction', safetensors({ a: entry([1.5], 0, 6) }, 6), /entry "a"/],
    ['unknown type', safetensors({ a: entry([1], 0, 4, 'F128') }, 4), /entry "a"/],
    ['unknown key', safetensors({ a: { ...entry([1], 0, 4), run: 'x' } }, 4), /entry "a"/],
    ['metadata', safetensors({ __metadata__: { a: 1 } }, 0), /__metadata__ must map text to text/],
    ['prototype', safetensors('{"__proto__": {"dtype": "F32"}}', 0), /entry "__proto__"/],
    ['no JSON', safetensors('{"a": ', 0), /its header is no JSON in UTF-8/],
    ['no UTF-8', Buffer.concat([safetensors('{"a', 0, 5), Buffer.from([0xff, 0xfe])]), /its header is no JSON in UTF-8/],
    ['a duplicate', safetensors('{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}', 8), /a begins at byte 4 where 0 was expected/],
    ['header longer than the file', safetensors({ a: entry([1], 0, 4) }, 4, 2 ** 40), /neither safetensors nor what torch\.save writes/],
    ['long header', safetensors(`{${' '.repeat(2 ** 23)}}`, 0), /its header has 8388610 bytes, at most 8388608/],
    ['empty', new Uint8Array(), /neither safetensors nor/],
    ['text', Buffer.from('these are no weights'), /neither safetensors nor/],
  ];
  for (const [name, content, sentence] of cases) assert.throws(() => read(`${name}.safetensors`, content), { name: 'ArcBenchError', code: 'wrong-input', message: sentence }, name);
  assert.throws(() => readWeightFile(join(folder, 'none.pth')), { code: 'wrong-input', message: /none\.pth cannot be read as weights: there is no such file; model\.weights is 'random', 'imagenet' or/ });
  assert.throws(() => readWeightFile(folder), { code: 'wrong-input', message: /it is no file/ });
});

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
  test(`torch's ${format} files are read, written by Python's pickler with protocols 2 to 5, alone and inside checkpoints`, () => {
    const orders = [2, 3, 4, 5].flatMap((protocol) => [[], ['state_dict'], ['model', 'state_dict']].map((wrappers) => ({ path: join(folder, `${format}-${protocol}-${wrappers.length}.pth`), format, protocol, wrappers, tensors })));
    torchSave(orders);
    for (const { path } of orders) {
      const found = readWeightFile(path);
      assert.deepEqual([...found].map(([name, { shape }]) => [name, shape]), tensors.map(({ name, shape }) => [name, shape]), path);
      tensors.filter(({ storage }) => storage !== 'LongStorage').forEach(({ name, shape, storage, expanded }, t) => {
        const actual = found.get(name)?.values() ?? [];
        const count = shape.reduce((a, b) => a * b, 1);
        const expected = expanded ? Array.from({ length: count }, () => Math.sin(t)) : savedValues(t, count);
        assert.equal(actual.length, expected.length, name);
        const tolerance = storage === 'HalfStorage' ? 2 ** -11 : storage === 'BFloat16Storage' ? 2 ** -7 : 2 ** -24; // of numbers below 1; Python cuts bfloat off
        expected.forEach((value, index) => assert.ok(Math.abs(value - (actual[index] as number)) <= tolerance, `${path}: ${name}[${index}] is ${actual[index]}, not ${value}`));
      });
    }
  });
}

test('a compressed, a cut and a foreign zip are refused', () => {
  const [compressed, whole] = ['compressed.pth', 'whole.pth'].map((name) => join(folder, name)) as [string, string];
  torchSave([{ path: compressed, format: 'zip', tensors, compressed: true }, { path: whole, format: 'zip', tensors }]);
  assert.throws(() => readWeightFile(compressed), { code: 'wrong-input', message: /its zip is compressed, which torch\.save never does/ });
  const bytes = readFileSync(whole);
  assert.throws(() => read('cut.pth', bytes.subarray(0, bytes.length - 30)), { code: 'wrong-input', message: /its zip is (broken|cut short)/ });
  execFileSync('python3', ['-c', "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('a.txt', 'text')", join(folder, 'foreign.pth')]);
  assert.throws(() => readWeightFile(join(folder, 'foreign.pth')), { code: 'wrong-input', message: /a zip without data\.pkl/ });
});
