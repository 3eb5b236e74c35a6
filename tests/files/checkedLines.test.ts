import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkedLines, piecesOfFile, writeCheckedLines } from '../../src-main/files/checkedLines.ts';
import { checkedBody, checksummed } from '../../src-main/files/checksummed.ts';
import { heapArguments } from '../../src-main/files/heapArguments.mjs';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-lines-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'list.json');
const piece = 2 ** 20; // bytes that are read at a time

/** Lines of several lengths and alphabets, one longer than two pieces, so that pieces end everywhere in a line. */
const lines = Array.from({ length: 40_000 }, (_, index) => `${index} ${'é€😀x'.repeat(index % 23)}`);
lines.splice(20_000, 0, 'long '.repeat(piece / 2), '');

const read = (file = path) => [...checkedLines(file)].flat();

test('lines that are longer than a piece in all are read back equal, with the usual checksum', async () => {
  await writeCheckedLines(path, lines);
  assert.ok(statSync(path).size > 3 * piece);
  assert.deepEqual(read(), lines);
  assert.equal(checkedBody(readFileSync(path, 'utf8')), `${lines.join('\n')}\n`);
  await writeCheckedLines(path, []);
  assert.deepEqual(read(), []);
});

test('a text that an older version wrote in one line is read, with a checksum and without', () => {
  for (const body of ['{"a":1}', `{"text":"${'é'.repeat(2 * piece)}"}`]) {
    writeFileSync(path, checksummed(body));
    assert.deepEqual(read(), [body]);
    writeFileSync(path, body);
    assert.deepEqual(read(), [body]);
  }
});

test('a file of lines that was cut off or changed anywhere is refused', async () => {
  await writeCheckedLines(path, lines);
  const whole = readFileSync(path);
  const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
  for (const length of [0, 30, 64, 65, piece, lastLine, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, length));
    assert.throws(() => read(), /checksum/, `cut to ${length} bytes`);
  }
  for (const at of [0, 64, 70, piece + 1, whole.length - 1]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    assert.throws(() => read(), /checksum/, `byte ${at} changed`);
  }
});

test('lines that end in an error leave the file as it was, and nothing beside it', async () => {
  await writeCheckedLines(path, ['before']);
  const failing = function* () {
    yield 'x'.repeat(2 * piece);
    throw new Error('no more lines');
  };
  await assert.rejects(writeCheckedLines(path, failing()), /no more lines/);
  assert.deepEqual(read(), ['before']);
  assert.deepEqual(readdirSync(folder), ['list.json']);
});

test('a last line without an end is told apart', () => {
  writeFileSync(path, `${lines.join('\n')}\ncut of`);
  const pieces = [...piecesOfFile(path)];
  assert.deepEqual(
    pieces.flatMap((each) => each.lines),
    lines,
  );
  assert.deepEqual(
    pieces.flatMap(({ cut }) => cut ?? []),
    ['cut of'],
  );
});

test('programs take half of a large memory, and what Node takes by itself of a small one', () => {
  const gibibyte = 2 ** 30;
  const young = '--max-semi-space-size=4';
  assert.deepEqual(heapArguments(64 * gibibyte, ''), [young, '--max-old-space-size=32768']);
  assert.deepEqual(heapArguments(8 * gibibyte, ''), [young]);
  assert.deepEqual(heapArguments(64 * gibibyte, '--max-old-space-size=9000'), [young]);
  assert.deepEqual(heapArguments(8 * gibibyte, '--max-semi-space-size=16'), []);
});
