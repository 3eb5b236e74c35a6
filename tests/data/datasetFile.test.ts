import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { makeDataset, type Dataset, type ReadImage } from '../../src-main/data/dataset.ts';
import { readDatasetFile, saveDatasetFile } from '../../src-main/data/datasetFile.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { refuseLongList } from '../../src-main/data/listMemory.ts';
import type { PictureHeader } from '../../src-main/data/pictureHeader.ts';
import { openPreparedSet, writePreparedIndex, type PreparedIndex } from '../../src-main/data/preparedSet.ts';
import { recordFrames } from '../../src-main/data/records/recordFrames.ts';
import { recordPayload } from '../../src-main/data/records/recordHeader.ts';
import { checksummed } from '../../src-main/files/checksummed.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';

const workspace = mkdtempSync(join(tmpdir(), 'arcbench-list-'));
after(() => rmSync(workspace, { recursive: true, force: true }));
const { dataset: fileOf, preparedSet } = workspaceFolders(workspace);
mkdirSync(join(workspace, 'datasets'));

const images = Array.from({ length: 20_000 }, (_, index): ReadImage => ({
  path: join(workspace, 'uploads', 'faces', `José ${index % 300}`, `${index}.png`),
  identity: `José ${index % 300}`,
  width: 112,
  height: 112 + (index % 5),
  contentHash: index.toString(16).padStart(64, '0'),
  ...(index % 7 === 0 && { landmarks: [1, 2, 3, 4, 5, 6, 7, 8, 9, index] }),
  ...(index % 3 === 0 && { part: 'val' as const }),
}));
const rejected = Array.from({ length: 50 }, (_, index) => ({
  path: `/faces/bad ${index}.png`,
  reason: 'It is empty.',
}));
const dataset = makeDataset(join(workspace, 'uploads', 'faces'), 'folders', {
  images,
  rejected,
  understood: '300 people:\n  by folders',
});

/** The text of a dataset's list as older versions wrote it: one line, its paths relative to the workspace. */
const olderText = ({ source, images: listed, ...own }: Dataset) => {
  const stored = (path: string) => path.replace(`${workspace}/`, '');
  const entries = listed.map((image) => ({ ...image, path: stored(image.path) }));
  return JSON.stringify({ source: stored(source), images: entries, ...own });
};

test('a list of pictures that is longer than a piece is read back equal', async () => {
  await saveDatasetFile(workspace, dataset);
  assert.ok(statSync(fileOf(dataset.hash)).size > 3 * 2 ** 20);
  assert.doesNotMatch(readFileSync(fileOf(dataset.hash), 'utf8'), new RegExp(workspace), 'it can be moved');
  assert.deepEqual(await readDatasetFile(workspace, dataset.hash), dataset);
});

test('lists of older versions open, with a checksum and without', async () => {
  for (const text of [checksummed(olderText(dataset)), olderText(dataset)]) {
    writeFileSync(fileOf('older'), text);
    assert.deepEqual(await readDatasetFile(workspace, 'older'), dataset);
  }
});

test('a list whose end is missing is named, although each of its lines is whole', async () => {
  await saveDatasetFile(workspace, dataset, 'cut');
  const whole = readFileSync(fileOf('cut'), 'utf8');
  const [, ...lines] = whole.split('\n').slice(0, -1);
  for (const kept of [1, 100, lines.length - rejected.length - 1])
    for (const sum of [checksummed, (body: string) => `${whole.slice(0, 64)}\n${body}`]) {
      writeFileSync(fileOf('cut'), sum(`${lines.slice(0, kept).join('\n')}\n`));
      await assert.rejects(readDatasetFile(workspace, 'cut'), /damaged or not in the workspace: import/);
    }
});

test('the index of a prepared set is kept in lines too, and older ones open', async () => {
  const index: PreparedIndex = {
    version: 1,
    inputSize: 1,
    hash: 'a'.repeat(64),
    alignment: 'none',
    packed: { bytes: 3 * images.length, sha256: '' },
    images: images.map(({ path, identity, contentHash }) => ({ path, identity, contentHash, perceptualHash: '0' })),
    rejected,
  };
  const folder = preparedSet(index.hash);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'images.bin'), Buffer.alloc(index.packed.bytes));
  await writePreparedIndex(join(folder, 'index.json'), index, workspace);
  const set = openPreparedSet(folder);
  assert.deepEqual(set.images, index.images);
  assert.deepEqual(set.rejected, rejected);
  writeFileSync(join(folder, 'index.json'), checksummed(JSON.stringify(index)));
  assert.deepEqual(openPreparedSet(folder), set);
});

test('an import that is cancelled keeps what it read, and the next one goes on from there', async () => {
  const source = join(workspace, 'records');
  mkdirSync(source);
  const pictures = 300;
  let offset = 0;
  let index = '';
  const frames: Buffer[] = [];
  for (let picture = 0; picture < pictures; picture++) {
    const background = { r: picture % 256, g: picture >> 8, b: 9 };
    const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .jpeg()
      .toBuffer();
    const labels = [picture % 10, 1];
    frames.push(recordFrames(recordPayload(picture, labels, { picture: jpeg, scalar: false })));
    index += `${picture}\t${offset}\n`;
    offset += frames.at(-1)?.length ?? 0;
  }
  writeFileSync(join(source, 'train.rec'), Buffer.concat(frames));
  writeFileSync(join(source, 'train.idx'), index);
  await new Promise((resolve) => setTimeout(resolve, 150)); // a file that changed just now is read again
  const memory = new Map<string, PictureHeader>();
  const headers = {
    known: (path: string) => memory.get(path) ?? null,
    keep: (read: readonly PictureHeader[]) => {
      for (const header of read) memory.set(header.path, header);
    },
  };
  const stopper = new AbortController();
  const again = (signal: AbortSignal) =>
    importDataset(
      { ...dataSchema.parse({ source }), resolvedSource: source },
      { workspace, headers, signal, onProgress: (done) => done === 128 && stopper.abort() },
    );
  await assert.rejects(again(stopper.signal), /stopped after 128 of 300 files: run the same again to go on/);
  assert.equal(memory.size, 128);
  assert.equal((await again(new AbortController().signal)).images.length, pictures);
  assert.equal(memory.size, pictures);
});

test('more pictures than the memory holds are refused before they are read, with the numbers', () => {
  const gibibyte = 2 ** 30;
  const refusalOf = (pictures: number, limit: number): string => {
    try {
      refuseLongList(pictures, '/faces/train.rec', limit);
    } catch (error) {
      return String(error);
    }
    return 'taken';
  };
  assert.equal(refusalOf(5_800_000, 8 * gibibyte), 'taken');
  assert.match(
    refusalOf(1_709_165_700, 8 * gibibyte),
    /train\.rec holds 1,709,165,700 pictures, whose lists take about 1910\.\d GiB of memory, and ArcBench may use 8\.0 GiB here: use a machine with 3821 GiB of memory or more, or make a record file of fewer people/,
  );
  assert.match(
    refusalOf(10_000, gibibyte / 1024),
    /about 0\.0 GiB .* start it with NODE_OPTIONS=--max-old-space-size=12, or/,
  );
});
