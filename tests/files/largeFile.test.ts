import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pieces, readLargeFile, updateHash } from '../../src-main/files/largeFile.ts';
import { npyBytes, npyHeader } from '../../src-main/files/npyFile.ts';
import { openNpyRows } from '../../src-main/files/npyRows.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-large-'));
after(() => rmSync(folder, { recursive: true }));

test('bytes are read, cut and hashed piece by piece', () => {
  const path = join(folder, 'some.bin');
  const bytes = Uint8Array.from({ length: 100 }, (_, at) => (7 * at) % 251);
  writeFileSync(path, bytes);
  for (const most of [1, 7, 100, 1000]) {
    assert.deepEqual(readLargeFile(path, most), bytes);
    assert.deepEqual(Buffer.concat([...pieces(bytes, most)]), Buffer.from(bytes));
    assert.equal(
      updateHash(createHash('sha256'), bytes, most).digest('hex'),
      createHash('sha256').update(bytes).digest('hex'),
    );
  }
  assert.throws(() => readLargeFile(join(folder, 'none.bin')), { code: 'ENOENT' });
  assert.throws(() => readLargeFile(folder), { code: 'EISDIR' });
});

test('rows of a .npy file of more than 2 GiB are read, which one call of Node cannot hold', () => {
  // 1,100,000 rows of 512 numbers, as a million distractors have. The file is sparse: it takes no room on the disk.
  const path = join(folder, 'vast.npy');
  const size = 512;
  const rows = 1_100_000;
  const header = npyHeader(rows, size);
  writeFileSync(path, header);
  truncateSync(path, header.length + 4 * rows * size);
  const file = openSync(path, 'r+');
  const rowOf = (value: number) => new Uint8Array(new Float32Array(size).fill(value).buffer);
  for (const row of [0, 7, rows - 1]) writeSync(file, rowOf(row), 0, 4 * size, header.length + 4 * size * row);
  closeSync(file);
  const opened = openNpyRows(path);
  assert.deepEqual([opened.rows, opened.size], [rows, size]);
  const wanted = [rows - 1, 7, 0, 1];
  const values = new Float32Array(wanted.length * size);
  opened.readInto(wanted, values);
  assert.deepEqual(
    wanted.map((_, place) => values[place * size + 511]),
    [rows - 1, 7, 0, 0],
  );
});

test('rows of float32 and float64 come in the order that is asked for', () => {
  const path = join(folder, 'rows.npy');
  const values = Float32Array.from({ length: 30 }, (_, at) => at / 4);
  const asked = [3, 4, 5, 0, 9, 9, 1];
  const expected = asked.flatMap((row) => [...values.subarray(3 * row, 3 * row + 3)]);
  const single = npyBytes(values, 3);
  const header = single.subarray(0, single.length - values.byteLength);
  const double = Buffer.concat([
    Buffer.from(header.toString('latin1').replace('<f4', '<f8'), 'latin1'),
    new Uint8Array(Float64Array.from(values).buffer),
  ]);
  for (const bytes of [single, double]) {
    writeFileSync(path, bytes);
    const target = new Float32Array(asked.length * 3);
    const opened = openNpyRows(path);
    opened.readInto(asked, target);
    assert.deepEqual([...target], expected);
    // The file is cut short while it is in use.
    truncateSync(path, bytes.length - 8);
    assert.throws(() => opened.readInto([9], target), /rows\.npy went away while it was read: name it again\.$/);
    assert.throws(() => openNpyRows(path), /it is cut off/);
  }
});
