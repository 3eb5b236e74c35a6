import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importRecords } from '../../src-main/data/records/importRecords.ts';
import { writeRecords, type WrittenPicture } from '../../src-main/data/records/writeRecords.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-write-records-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const jpeg = (text: string) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(text, 'latin1')]);
const magicInside = Buffer.concat([jpeg('x'), Buffer.from([0x0a, 0x23, 0xd7, 0xce]), Buffer.from('end')]);
const written: readonly WrittenPicture[] = [
  { label: 0, name: '1.jpg', file: jpeg('one') },
  { label: 0, name: 'two\tparts.jpg', file: magicInside },
  { label: 1, name: '1.jpg', file: jpeg('three') },
];
async function* pictures(): AsyncGenerator<WrittenPicture> {
  yield* written;
}
const classes = ['Ann', 'Bo'];

test("a record file is written as insightface's own reader takes it", async () => {
  const target = join(folder, 'packed');
  assert.equal(await writeRecords(target, { pictures: pictures(), classes, side: 112 }), 3);
  const script = fileURLToPath(new URL('./readRecords.py', import.meta.url));
  const read = JSON.parse(execFileSync('python3', [script, target], { encoding: 'utf8' })) as unknown;
  assert.deepEqual(read, {
    pictures: written.map(({ label, file }, place) => [place + 1, label, Buffer.from(file).toString('hex')]),
    people: [
      [1, 3],
      [3, 4],
    ],
    property: '2,112,112\n',
  });
  assert.equal(
    readFileSync(join(target, 'train.tsv'), 'utf8'),
    '1\tAnn/1.jpg\t0\n2\tAnn/two parts.jpg\t0\n3\tBo/1.jpg\t1\n',
  );
  const found = await importRecords(join(target, 'train.rec'), {});
  assert.deepEqual([found.images.length, found.rejected, found.understood.includes('\n')], [3, [], false]);
});

test('the bytes are those of the golden file', async () => {
  const golden: readonly WrittenPicture[] = ['41', '4242', '43', '4444'].map((hex, place) => ({
    label: Math.floor(place / 2),
    name: `${place}.jpg`,
    file: Buffer.from(`ffd8${hex}ffd9`, 'hex'),
  }));
  const target = join(folder, 'golden');
  async function* all(): AsyncGenerator<WrittenPicture> {
    yield* golden;
  }
  await writeRecords(target, { pictures: all(), classes, side: 112 });
  assert.equal(readFileSync(join(target, 'train.idx'), 'utf8'), '1\t0\n2\t48\n3\t96\n4\t144\n0\t192\n5\t232\n6\t272\n');
  const bytes = readFileSync(join(target, 'train.rec'));
  assert.equal(bytes.length, 312);
  assert.equal(
    bytes.subarray(192, 232).toString('hex'),
    '0a23d7ce20000000020000000000000000000000000000000000000000000000' + '0000a0400000e040',
  );
});

test('a folder that holds something, and a picture that is gone, leave everything as it was', async () => {
  const filled = join(folder, 'filled');
  mkdirSync(filled);
  writeFileSync(join(filled, 'mine.txt'), 'mine');
  await assert.rejects(
    writeRecords(filled, { pictures: pictures(), classes, side: 112 }),
    /filled is not empty \(it holds mine\.txt\): a new or empty folder was expected/,
  );
  assert.deepEqual(readdirSync(filled), ['mine.txt']);
  async function* broken(): AsyncGenerator<WrittenPicture> {
    yield written[0] as WrittenPicture;
    throw new Error('gone');
  }
  await assert.rejects(writeRecords(join(folder, 'half'), { pictures: broken(), classes, side: 112 }), /gone/);
  assert.ok(!existsSync(join(folder, 'half')));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('writing')),
    [],
  );
});
