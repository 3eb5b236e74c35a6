import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { importDataset, type ImportOptions } from '../../src-main/data/importDataset.ts';
import type { PictureHeader } from '../../src-main/data/pictureHeader.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-header-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const source = join(folder, 'people');
for (const person of ['Ann', 'Bo']) mkdirSync(join(source, person), { recursive: true });
const inAnn = (name: string) => join(source, 'Ann', name);
const noise = (width: number, height: number) =>
  sharp(
    Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 7919) % 251),
    { raw: { width, height, channels: 3 } },
  );
await noise(40, 30)
  .png()
  .toFile(join(source, 'Bo', 'good.png'));
const read = (options: Partial<ImportOptions> = {}) =>
  importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, { workspace: folder, ...options });

test('the import gives the size of each picture after the EXIF turn, whatever its format and name', async () => {
  await noise(60, 40).jpeg().toFile(inAnn('plain.jpg'));
  await noise(60, 40).withMetadata({ orientation: 6 }).jpeg({ progressive: true }).toFile(inAnn('turned.jpg'));
  await noise(60, 40).withMetadata({ orientation: 8 }).png().toFile(inAnn('turned.png'));
  await noise(60, 40).toColourspace('cmyk').jpeg().toFile(inAnn('cmyk.jpg'));
  await noise(60, 40).webp().toFile(inAnn('a[page=1].webp'));
  // 180 kB, beyond the first bytes that are read
  await noise(300, 200).tiff({ compression: 'none' }).toFile(inAnn('directory-at-the-end.tiff'));
  await noise(400, 300).webp({ lossless: true }).toFile(inAnn('long.webp'));
  await noise(60, 40).avif({ effort: 0 }).toFile(inAnn('plain.avif'));
  await sharp([await noise(60, 40).png().toBuffer(), await noise(60, 40).png().toBuffer()], {
    join: { animated: true },
  })
    .gif()
    .toFile(inAnn('moving.gif'));
  const { images, rejected } = await read();
  assert.deepEqual(rejected, []);
  assert.deepEqual(
    Object.fromEntries(images.map(({ path, width, height }) => [path.slice(source.length + 1), [width, height]])),
    {
      'Bo/good.png': [40, 30],
      'Ann/plain.jpg': [60, 40],
      'Ann/turned.jpg': [40, 60],
      'Ann/turned.png': [40, 60],
      'Ann/cmyk.jpg': [60, 40],
      'Ann/a[page=1].webp': [60, 40],
      'Ann/directory-at-the-end.tiff': [300, 200],
      'Ann/long.webp': [400, 300],
      'Ann/plain.avif': [60, 40],
      'Ann/moving.gif': [60, 40],
    },
  );
});

test('the import rejects pictures by their headers, and remembers good ones until they change', async () => {
  writeFileSync(inAnn('empty.jpg'), '');
  writeFileSync(inAnn('letter.jpg'), 'Dear Bo,\nthis is no picture at all, whatever I am called.\n');
  writeFileSync(inAnn('vast.jpg'), Buffer.alloc(10, 1));
  truncateSync(inAnn('vast.jpg'), 513 * 2 ** 20);
  await sharp({ create: { width: 30_000, height: 2200, channels: 3, background: '#888' } })
    .png({ compressionLevel: 1 })
    .toFile(inAnn('wide.png'));
  writeFileSync(inAnn('cut-in-header.jpg'), (await noise(60, 40).jpeg().toBuffer()).subarray(0, 20));
  const memory = new Map<string, PictureHeader>();
  let kept = 0;
  const headers = {
    known: (path: string) => memory.get(path) ?? null,
    keep: (found: readonly PictureHeader[]) => {
      kept += found.length;
      for (const header of found) memory.set(header.path, header);
    },
  };
  const progress: [number, number][] = [];
  await setTimeout(200); // a file that changed just now is read again
  const first = await read({ headers, onProgress: (done, total) => progress.push([done, total]) });
  const expected = {
    'empty.jpg': 'The file is empty (0 bytes): a picture was expected; copy it again.',
    'letter.jpg':
      'The file is not a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PPM or PGM picture, whatever its name says: ' +
      'convert it to PNG.',
    'vast.jpg': 'The file has 513 MiB, more than the limit of 256 MiB for a picture: make it smaller.',
    'wide.png': 'The picture has 30000 x 2200 pixels, more than the limit of 64 megapixels: make it smaller.',
    'cut-in-header.jpg': 'The picture is truncated or damaged: copy it again from its source, or save it again as PNG.',
  };
  assert.deepEqual(
    Object.fromEntries(first.rejected.map(({ path, reason }) => [path.slice(source.length + 5), reason])),
    expected,
  );
  assert.deepEqual(progress.at(-1), [15, 15]);
  assert.equal(kept, 10);

  const again = await read({ headers });
  assert.equal(kept, 10);
  assert.deepEqual(again, first);

  await noise(50, 20).jpeg().toFile(inAnn('empty.jpg')); // now a good picture
  utimesSync(inAnn('plain.jpg'), 1, 1);
  await setTimeout(200);
  const repaired = await read({ headers });
  assert.equal(kept, 12);
  assert.equal(repaired.rejected.length, 4);
  assert.deepEqual(
    repaired.images.filter(({ path }) => path.endsWith('empty.jpg')).map(({ width, height }) => [width, height]),
    [[50, 20]],
  );
  await assert.rejects(read({ headers, signal: AbortSignal.abort() }), {
    code: 'cancelled',
    message: 'Importing was stopped: run the same again to start it from the beginning.',
  });
});
