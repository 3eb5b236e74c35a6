import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { importRecords, recordFileOf, type FoundRecords } from '../../src-main/data/records/importRecords.ts';
import { openRecordFile } from '../../src-main/data/records/recordFile.ts';
import { readRecord, recordFrames } from '../../src-main/data/records/recordFrames.ts';
import { sharedFaces } from '../sharedFaces.ts';
import { recordLabels, recordPayload } from '../../src-main/data/records/recordHeader.ts';
import { readRecordPicture, recordPictureOf } from '../../src-main/data/records/recordPicture.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-records-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hex = (text: string) => Buffer.from(text.replace(/[\s|]/g, ''), 'hex');
let folders = 0;

/** Writes a record file, and an index unless it is null, into a folder of its own. */
function recordFolder(rec: Uint8Array, index: string | null, property: string | null = null): string {
  const own = join(folder, String(folders++));
  mkdirSync(own);
  writeFileSync(join(own, 'train.rec'), rec);
  if (index !== null) writeFileSync(join(own, 'train.idx'), index);
  if (property !== null) writeFileSync(join(own, 'property'), property);
  return join(own, 'train.rec');
}

/** The frames of records and their index, written by the format's description alone. */
function written(records: readonly (readonly [key: number, payload: Buffer])[]): { rec: Buffer; index: string } {
  const frames: Buffer[] = [];
  let at = 0;
  let index = '';
  for (const [key, payload] of records) {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(0xced7230a);
    head.writeUInt32LE(payload.length, 4);
    frames.push(head, payload, Buffer.alloc(-payload.length & 3));
    index += `${key}\t${at}\n`;
    at += 8 + payload.length + (-payload.length & 3);
  }
  return { rec: Buffer.concat(frames), index };
}

const payloadOf = (
  flag: number,
  label: number,
  more: { id?: number; labels?: readonly number[]; picture?: string },
) => {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(flag);
  head.writeFloatLE(label, 4);
  head.writeBigUInt64LE(BigInt(more.id ?? 0), 8);
  const labels = Buffer.from(Float32Array.from(more.labels ?? []).buffer);
  return Buffer.concat([head, labels, Buffer.from(more.picture ?? '', 'latin1')]);
};

/** insightface's family: images first, then record 0 and a record for each person. */
const insightface = written([
  [1, payloadOf(2, 0, { id: 1, labels: [0, 1], picture: 'A' })],
  [2, payloadOf(2, 0, { id: 2, labels: [0, 1], picture: 'BB' })],
  [3, payloadOf(2, 0, { id: 3, labels: [1, 1], picture: 'CCC' })],
  [0, payloadOf(2, 0, { id: 0, labels: [4, 6] })],
  [4, payloadOf(2, 0, { id: 4, labels: [1, 3] })],
  [5, payloadOf(2, 0, { id: 5, labels: [3, 4] })],
]);

const peopleOf = ({ images }: Pick<FoundRecords, 'images'>) => [...images].map(({ identity }) => identity);
const pictureText = (path: string) => {
  const place = recordPictureOf(path);
  assert.ok(place);
  const picture = readRecordPicture(place);
  assert.ok('file' in picture);
  return picture.file.toString('latin1');
};

const vectors: readonly (readonly [payload: string, frames: string])[] = [
  ['616263', '0a23d7ce 03000000 616263 00'],
  ['', '0a23d7ce 00000000'],
  [
    '61626364 0a23d7ce 65666768 0a23d7ce 696a',
    '0a23d7ce 04000020 61626364 | 0a23d7ce 04000040 65666768 | 0a23d7ce 02000060 696a 0000',
  ],
  ['0a23d7ce 0a23d7ce 78', '0a23d7ce 00000020 | 0a23d7ce 00000040 | 0a23d7ce 01000060 78 000000'],
  ['61 0a23d7ce', '0a23d7ce 05000000 61 0a23d7ce 000000'],
];

test('records are framed as MXNet frames them, and read back', async () => {
  for (const [payload, frames] of vectors) {
    assert.equal(recordFrames(hex(payload)).toString('hex'), hex(frames).toString('hex'));
    const records = await openRecordFile(recordFolder(hex(frames), '0\t0\n'));
    const read = readRecord(records, 0);
    records.close();
    assert.ok(Buffer.isBuffer(read));
    assert.equal(read.toString('hex'), hex(payload).toString('hex'));
  }
});

test('a record is its header, its labels and its picture', () => {
  assert.equal(
    recordPayload(0, [5, 7], { picture: new Uint8Array(), scalar: false }).toString('hex'),
    hex('02000000 00000000 0000000000000000 0000000000000000 0000a040 0000e040').toString('hex'),
  );
  assert.deepEqual(recordLabels(recordPayload(3, [9], { picture: Buffer.from('x'), scalar: true })), [9]);
});

test("insightface's records of ranges are no pictures", async () => {
  const rec = recordFolder(insightface.rec, insightface.index, '2,112,112\n');
  const found = await importRecords(rec, {});
  assert.deepEqual(peopleOf(found), ['0', '0', '1']);
  assert.deepEqual(
    [...found.images].map(({ path }) => pictureText(path)),
    ['A', 'BB', 'CCC'],
  );
  assert.deepEqual(
    [...found.images].map(({ bytes }) => bytes),
    [1, 2, 3],
  );
  assert.deepEqual(found.rejected, []);
  assert.equal(
    found.understood,
    "2 people: the class labels of train.rec, 3 pictures, beside insightface's records without pictures.",
  );
});

test('without record 0 every record is a picture, and labels behind the first are skipped', async () => {
  const { rec, index } = written([
    [0, payloadOf(0, 7, { id: 0, picture: 'A' })],
    [5, payloadOf(3, 0, { id: 5, labels: [2, 100, 200], picture: 'B' })],
    [9, payloadOf(0, 0.5, { id: 9, picture: 'C' })],
  ]);
  const found = await importRecords(recordFolder(rec, index), {});
  assert.deepEqual(peopleOf(found), ['7', '2']);
  assert.deepEqual(
    [...found.images].map(({ path }) => pictureText(path)),
    ['A', 'B'],
  );
  assert.match(found.rejected[0]?.reason ?? '', /label 0\.5 is no class/);
});

test('an index that is absent, broken or of another file is rebuilt, with the magic inside a picture', async () => {
  const picture = hex('ffd8 ffe0 0a23d7ce 0000 0a23d7ce ffd9'); // the first magic stands at a multiple of 4
  const records = [1, 2, 3].map((id) => recordFrames(recordPayload(id, [id], { picture, scalar: true })));
  const [first, second] = records as [Buffer, Buffer];
  assert.equal(first.readUInt32LE(4) >>> 29, 1, 'the record is cut into parts');
  const rec = Buffer.concat(records);
  const right = `1\t0\n2\t${first.length}\n3\t${first.length + second.length}\n`;
  const indexes: readonly (readonly [index: string | null, because: RegExp | null])[] = [
    [right, null],
    [right.replaceAll('\n', '\r\n'), null],
    [null, /it is not there/],
    ['', /it is empty/],
    ['hello\n', /line 1 is no key and offset/],
    ['1\n', /line 1 is no key and offset/],
    ['1\t0 5\n', /line 1 holds more than a key and an offset/],
    ['1\t0\n2\t4\n3\t8\n', /begins at byte 4, where there is none/],
    ['1\t0\n2\t999999\n', /begins at byte 999999, where there is none/],
    ['1\t0\n2\t0\n', /gives two records one place/],
    [`1\t0\n2\t${first.length}\n`, /it ends at byte \d+ of \d+/],
    ['1\t0\n'.repeat(1000), /more lines than the record file can have records/],
    [`1\t${'9'.repeat(400)}\n`, /line 1 holds a number that is too large/],
  ];
  for (const [index, because] of indexes) {
    const found = await importRecords(recordFolder(rec, index), {});
    assert.deepEqual(peopleOf(found), ['1', '2', '3'], String(index));
    assert.deepEqual(
      [...found.images].map(({ path }) => recordPictureOf(path)?.key),
      [1, 2, 3],
    );
    for (const { path } of found.images)
      assert.equal(Buffer.from(pictureText(path), 'latin1').toString('hex'), picture.toString('hex'));
    const [people, notice = ''] = found.understood.split('\n');
    assert.equal(people, '3 people: the class labels of train.rec, 3 pictures.');
    if (because === null) assert.equal(notice, '');
    else assert.match(notice, because);
  }
});

test('a damaged stretch is named, and the records around it are read', async () => {
  const parts = [1, 2, 3].map((id) =>
    recordFrames(recordPayload(id, [id], { picture: Buffer.from('picture'), scalar: true })),
  );
  (parts[1] as Buffer).fill(0, 0, 8);
  const [{ length }] = parts as [Buffer];
  const found = await importRecords(recordFolder(Buffer.concat(parts), null), {});
  assert.deepEqual(peopleOf(found), ['1', '3']);
  assert.match(found.rejected[0]?.reason ?? '', new RegExp(`^Bytes ${length} to ${2 * length} hold no whole record`));
  const cut = await importRecords(recordFolder(Buffer.concat(parts).subarray(0, 2 * length + 10), null), {});
  assert.deepEqual([peopleOf(cut), cut.rejected.length], [['1'], 1]);
});

test('counts that do not fit are said', async () => {
  const { rec, index } = written([
    [1, payloadOf(0, 0, { id: 1, picture: 'A' })],
    [2, payloadOf(0, 3, { id: 2, picture: 'B' })],
    [0, payloadOf(2, 0, { labels: [4, 6] })],
  ]);
  const { understood } = await importRecords(recordFolder(rec, index, '4,112,112\n'), {});
  const [, pictures, people] = understood.split('\n');
  assert.match(pictures ?? '', /Record 0 of .* gives 3 pictures, but 2 are there/);
  assert.match(people ?? '', /property .* gives 4 people, but pictures of 2 are there/);
});

test('a source names its record file; several without train.rec are refused', async () => {
  const rec = recordFolder(insightface.rec, insightface.index);
  assert.equal(await recordFileOf(rec), rec);
  assert.equal(await recordFileOf(join(rec, '..')), rec);
  assert.equal(await recordFileOf(folder), null);
  const two = join(folder, 'two');
  mkdirSync(two);
  writeFileSync(join(two, 'a.rec'), insightface.rec);
  assert.equal(await recordFileOf(two), join(two, 'a.rec'));
  writeFileSync(join(two, 'b.rec'), insightface.rec);
  await assert.rejects(recordFileOf(two), /holds 2 record files \(a\.rec, b\.rec\)/);
});

test('records in a folder of their archive are found', async () => {
  const around = join(folder, 'unpacked');
  mkdirSync(join(around, 'faces_emore'), { recursive: true });
  mkdirSync(join(around, '__MACOSX'));
  writeFileSync(join(around, 'faces_emore', 'train.rec'), insightface.rec);
  assert.equal(await recordFileOf(around), join(around, 'faces_emore', 'train.rec'));
  mkdirSync(join(around, 'Ann'));
  assert.equal(await recordFileOf(around), null, 'beside other folders, they are not what the source means');
});

test('the golden record file is read', async () => {
  const golden = fileURLToPath(new URL('../golden/formats/train.rec', import.meta.url));
  const found = await importRecords(golden, {});
  assert.deepEqual(peopleOf(found), ['0', '0', '1', '1']);
  assert.deepEqual(
    [...found.images].map(({ path }) => Buffer.from(pictureText(path), 'latin1').toString('hex')),
    ['ffd841ffd9', 'ffd84242ffd9', 'ffd843ffd9', 'ffd84444ffd9'],
  );
});

const cars = sharedFaces('sample.rec');
test('im2rec records of nine labels are read by the first, without an index', { skip: cars.skip }, async () => {
  const found = await importRecords(cars.path, {});
  assert.deepEqual(peopleOf(found), Array(12).fill('4'));
  assert.match(found.understood, /sample\.idx was not used, because it is not there/);
  for (const { path } of found.images) assert.equal(Buffer.from(pictureText(path), 'latin1').readUInt16BE(0), 0xffd8);
});

test('what is no record file is refused in a sentence', async () => {
  for (const content of ['', 'hello', 'a text that is longer than a frame'])
    await assert.rejects(importRecords(recordFolder(Buffer.from(content), null), {}), (error: unknown) => {
      assert.ok(error instanceof ArcBenchError);
      assert.match(error.message, /is no MXNet record file/);
      return true;
    });
  await assert.rejects(importRecords(join(folder, 'none.rec'), {}), /none\.rec is not there/);
});

test('only a path into a record file is one', () => {
  const rec = recordFolder(insightface.rec, insightface.index);
  assert.deepEqual(recordPictureOf(`${rec}/17@48.jpg`), { recordFile: rec, key: 17, offset: 48 });
  assert.equal(recordPictureOf('/faces/Alice/17@48.jpg'), null);
  assert.equal(recordPictureOf(`${rec}/17.jpg`), null);
  const odd = join(folder, 'people.rec');
  mkdirSync(odd);
  assert.equal(recordPictureOf(join(odd, '17@48.jpg')), null, 'a folder may be called so');
});

test('cut and changed files end in pictures or in a sentence, never in a crash', async () => {
  const random = randomStream(1, 'records');
  const { rec, index } = insightface;
  for (let round = 0; round < 150; round++) {
    const bytes = Buffer.from(rec.subarray(0, round % 2 === 0 ? rec.length : random.integer(rec.length)));
    for (let flips = round % 3; flips >= 0 && bytes.length > 0; flips--)
      bytes[random.integer(bytes.length)] = random.integer(256);
    const lines = round % 5 === 0 ? index.slice(0, random.integer(index.length)) : index;
    const path = recordFolder(bytes, round % 4 === 3 ? null : lines);
    try {
      const found = await importRecords(path, {});
      for (const image of found.images) {
        const place = recordPictureOf(image.path);
        if (place) readRecordPicture(place);
      }
    } catch (error) {
      assert.ok(error instanceof ArcBenchError, String(error));
      assert.ok(!error.message.includes('\n'));
    }
    rmSync(join(path, '..'), { recursive: true });
  }
  assert.ok(statSync(folder).isDirectory());
});
