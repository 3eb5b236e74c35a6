import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import sharp, { type Sharp } from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { splitSchema } from '../../src-shared/splitSchema.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { bytesToDecode } from '../../src-main/data/pictureFile.ts';
import { budgetOfThread, memoryBudget, withinBudget } from '../../src-main/data/memoryBudget.ts';
import { openPackedImages, type PreparedSet } from '../../src-main/data/preparedSet.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';

const side = 32;
let folder = '';
let source = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'arcbench-pictures-'));
  source = join(folder, 'people');
  for (const person of ['Ann', 'Bo']) {
    mkdirSync(join(source, person), { recursive: true });
    await plain('#336699')
      .png()
      .toFile(join(source, person, 'good.png'));
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plain = (background: string, width = 48, height = 64): Sharp =>
  sharp({ create: { width, height, channels: 3, background } });
const noise = (width: number, height: number): Sharp =>
  sharp(
    Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 7919) % 251),
    { raw: { width, height, channels: 3 } },
  );
const inAnn = (name: string) => join(source, 'Ann', name);
const read = (roots?: readonly string[]) =>
  importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, { workspace: folder, roots });
const prepare = async (): Promise<PreparedSet> =>
  prepareDataset(await read(), prepareSchema.parse({ inputSize: side }), { workspace: folder });

/** Prepared pixels by file name: RGB uint8 [side][side][3]. */
function pixelsOf(set: PreparedSet): Map<string, Uint8Array> {
  const packed = openPackedImages(set);
  try {
    return new Map(
      set.images.map(({ path }, index) => {
        const pixels = new Uint8Array(side * side * 3);
        packed.readInto([index], pixels);
        return [path.slice(source.length + 1), pixels];
      }),
    );
  } finally {
    packed.close();
  }
}
/** Every pixel is this colour, within a tolerance in levels of 255. */
function assertColour(
  pixels: Uint8Array | undefined,
  colour: readonly [number, number, number],
  tolerance: number,
  what: string,
): void {
  assert.ok(pixels, `${what} was not prepared`);
  for (const [index, value] of pixels.entries())
    assert.ok(
      Math.abs(value - colour[index % 3]!) <= tolerance,
      `${what}: ${pixels.subarray(0, 3).join(' ')}, ${colour.join(' ')} was expected`,
    );
}

test('a picture that cannot be decoded is left out with one sentence, and the others are prepared', async () => {
  const jpeg = await noise(160, 200).jpeg().toBuffer();
  const png = await noise(160, 200).png().toBuffer();
  writeFileSync(inAnn('empty.jpg'), '');
  writeFileSync(inAnn('cut.jpg'), jpeg.subarray(0, jpeg.length >> 1));
  writeFileSync(inAnn('cut.png'), png.subarray(0, png.length >> 1));
  writeFileSync(inAnn('cut-in-header.jpg'), jpeg.subarray(0, 20));
  writeFileSync(inAnn('garbage.png'), Buffer.concat([png.subarray(0, 8), Buffer.alloc(500, 7)]));
  writeFileSync(inAnn('letter.jpg'), 'Dear Bo,\nthis is no picture at all, whatever I am called.\n');
  writeFileSync(inAnn('page.jpeg'), '<!doctype html><title>404</title>');
  writeFileSync(inAnn('drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  writeFileSync(inAnn('notes.txt'), 'not a picture, and not called one');
  await plain('#888888', 30_000, 2200).png({ compressionLevel: 1 }).toFile(inAnn('vast.png'));
  const set = await prepare();
  assert.deepEqual(
    set.images.map(({ path }) => path.slice(source.length)),
    ['/Ann/good.png', '/Bo/good.png'],
  );
  const dataset = await read();
  const reasons = Object.fromEntries(
    [...dataset.rejected, ...set.rejected].map(({ path, reason }) => [path.slice(source.length + 5), reason]),
  );
  const damaged = 'The picture is truncated or damaged: copy it again from its source, or save it again as PNG.';
  const noPicture =
    'The file is not a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PPM or PGM picture, whatever its name says: ' +
    'convert it to PNG.';
  assert.deepEqual(reasons, {
    'empty.jpg': 'The file is empty (0 bytes): a picture was expected; copy it again.',
    'cut.jpg': damaged,
    'cut.png': damaged,
    'cut-in-header.jpg': damaged,
    'garbage.png': damaged,
    'letter.jpg': noPicture,
    'page.jpeg': 'The file is a web page that was saved under the name of a picture: download the picture again.',
    'drawing.svg':
      'ArcBench reads JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PPM or PGM pictures, but not this format: convert the ' +
      'picture to PNG.',
    'vast.png': 'The picture has 30000 x 2200 pixels, more than the limit of 64 megapixels: make it smaller.',
  });
});

test('every kind of picture comes out as 8-bit sRGB', async () => {
  const colour = [150, 110, 90] as const; // within what CMYK can print
  const red = () => plain('rgb(150,110,90)');
  await red().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toFile(inAnn('plain.jpg'));
  await red().toColourspace('cmyk').jpeg({ quality: 100 }).toFile(inAnn('cmyk.jpg'));
  await red().toColourspace('rgb16').png().toFile(inAnn('deep.png'));
  await red().toColourspace('rgb16').tiff().toFile(inAnn('deep.tiff'));
  await red().png({ palette: true }).toFile(inAnn('palette.png'));
  await red().webp({ lossless: true }).toFile(inAnn('plain.webp'));
  await red().avif({ quality: 95, effort: 0 }).toFile(inAnn('plain.avif'));
  await red().png().toFile(inAnn('without-ending'));
  await sharp([await red().png().toBuffer(), await plain('rgb(0,0,255)').png().toBuffer()], {
    join: { animated: true },
  })
    .gif()
    .toFile(inAnn('moving.gif'));
  await sharp([await red().png().toBuffer(), await plain('rgb(0,0,255)').png().toBuffer()], {
    join: { animated: true },
  })
    .webp({ lossless: true })
    .toFile(inAnn('moving.webp'));
  await plain('rgb(90,90,90)').toColourspace('b-w').png().toFile(inAnn('grey.png'));
  await plain('rgb(90,90,90)').toColourspace('b-w').jpeg({ quality: 100 }).toFile(inAnn('grey.jpg'));
  await plain('rgb(90,90,90)').toColourspace('grey16').png().toFile(inAnn('grey-deep.png'));
  await sharp({ create: { width: 48, height: 64, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } } })
    .png()
    .toFile(inAnn('clear.png'));
  await plain('rgb(150,110,90)', 30_000, 40)
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toFile(inAnn('wide.jpg'));
  await plain('rgb(150,110,90)', 1, 1).png().toFile(inAnn('dot.png'));
  const set = await prepare();
  assert.deepEqual(set.rejected, []);
  const pixels = pixelsOf(set);
  // Tolerances in levels: 0 lossless, 1 from 16 bits, 2 JPEG at quality 100, 4 palettes and AVIF, 12 there and back
  // through the CMYK profile.
  for (const [name, tolerance] of [
    ['plain.jpg', 2],
    ['cmyk.jpg', 12],
    ['deep.png', 1],
    ['deep.tiff', 1],
    ['palette.png', 4],
    ['plain.webp', 0],
    ['plain.avif', 4],
    ['without-ending', 0],
    ['moving.gif', 4],
    ['moving.webp', 0],
    ['wide.jpg', 2],
    ['dot.png', 0],
  ] as const) {
    assertColour(pixels.get(`Ann/${name}`), colour, tolerance, name);
  }
  for (const name of ['grey.png', 'grey.jpg', 'grey-deep.png'])
    assertColour(pixels.get(`Ann/${name}`), [90, 90, 90], 1, name);
  assertColour(pixels.get('Ann/clear.png'), [128, 128, 128], 0, 'clear.png');
});

test('the memory of a picture counts its channels, depth, coefficients, turning and format', async () => {
  const clear = sharp({
    create: { width: 48, height: 64, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } },
  });
  const pixels = 48 * 64;
  for (const [file, bytes] of [
    [plain('#888').png(), 3],
    [clear.clone().toColourspace('rgb16').png({ progressive: true }), 8],
    [plain('#888').toColourspace('b-w').png(), 1],
    [plain('#888').jpeg(), 3],
    [plain('#888').jpeg({ progressive: true }), 3],
    [plain('#888').jpeg({ progressive: true, chromaSubsampling: '4:4:4' }), 6],
    [plain('#888').toColourspace('cmyk').jpeg(), 4],
    [plain('#888').withMetadata({ orientation: 6 }).jpeg({ progressive: true }), 6],
    [clear.clone().webp({ lossless: true }), 8],
    [clear.clone().withMetadata({ orientation: 8 }).toColourspace('rgb16').tiff({ compression: 'deflate' }), 16],
    [plain('#888').avif({ effort: 0 }), 20],
  ] as const)
    assert.equal(bytesToDecode(await sharp(await file.toBuffer()).metadata()), bytes * pixels);
  const plainRows = await sharp(await plain('#888', 10, 9000).png().toBuffer()).metadata();
  assert.equal(bytesToDecode(plainRows), 10 * 2048 * 3, 'what is read from top to bottom is never held whole');
});

test(
  'a picture that needs more memory than the limit is refused in one sentence, and one of 64 megapixels with 8 ' +
    'bits is accepted',
  async () => {
    const side = 6200;
    const most = 8000;
    await sharp({ create: { width: side, height: side, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } } })
      .withMetadata({ orientation: 6 })
      .toColourspace('rgb16')
      .png({ progressive: true, compressionLevel: 1 })
      .toFile(inAnn('deep.png'));
    await plain('#888', side, side).avif({ effort: 0 }).toFile(inAnn('vast.avif'));
    await plain('#369', most, most)
      .withMetadata({ orientation: 6 })
      .jpeg({ progressive: true, quality: 40 })
      .toFile(inAnn('progressive.jpg'));
    await plain('#369', most, most).png({ progressive: true, compressionLevel: 1 }).toFile(inAnn('interlaced.png'));
    const dataset = await read();
    const set = await prepare();
    const refusal = (channels: number, bits: number, megabytes: number) =>
      `The picture of 6200 x 6200 pixels with ${channels} channels of ${bits} bits may take ${megabytes} MB of ` +
      'memory while it is decoded, more than the limit of 400 MB: make it smaller, or save it again as ' +
      'a plain 8-bit JPEG or PNG.';
    assert.deepEqual(
      dataset.rejected.map(({ path, reason }) => [path.slice(source.length), reason]),
      [
        ['/Ann/deep.png', refusal(4, 16, 616)],
        ['/Ann/vast.avif', refusal(3, 8, 769)],
      ],
    );
    assert.deepEqual(set.rejected, []);
    for (const name of ['progressive.jpg', 'interlaced.png'])
      assertColour(pixelsOf(set).get(`Ann/${name}`), [51, 102, 153], 4, name);
  },
);

test(
  'a picture waits until its share of memory is free, and a thread that ends in the middle of one gives its share ' +
    'back',
  async () => {
    const finished: string[] = [];
    let finish = (): void => undefined;
    const first = withinBudget(
      memoryBudget,
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const second = withinBudget(1e6, async () => {
      finished.push('second');
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([...finished], []);
    finish();
    await Promise.all([first, second]);
    assert.deepEqual([...finished], ['second']);

    const { release, ...workerData } = budgetOfThread();
    const address = new URL('../../src-main/data/memoryBudget.ts', import.meta.url).href;
    const thread = new Worker(
      `import(${JSON.stringify(address)}).then(({ withinBudget, memoryBudget }) => withinBudget(memoryBudget, ` +
        `() => { require('node:worker_threads').parentPort.postMessage('held'); return new Promise(() => ` +
        'setInterval(() => undefined, 1000)); }))',
      { eval: true, workerData },
    );
    await once(thread, 'message');
    const third = withinBudget(1e6, async () => {
      finished.push('third');
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([...finished], ['second']);
    thread.on('exit', release);
    await thread.terminate();
    await third;
  },
);

test('the eight EXIF orientations give the same upright pixels', async () => {
  const width = 48;
  const height = 64;
  const upright = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 7919) % 251);
  // Where the pixel of a stored row and column belongs in the upright picture, by EXIF 2.32, tag 274.
  const uprightPlace: readonly ((row: number, column: number) => readonly [number, number])[] = [
    (r, c) => [r, c],
    (r, c) => [r, width - 1 - c],
    (r, c) => [height - 1 - r, width - 1 - c],
    (r, c) => [height - 1 - r, c],
    (r, c) => [c, r],
    (r, c) => [c, width - 1 - r],
    (r, c) => [height - 1 - c, width - 1 - r],
    (r, c) => [height - 1 - c, r],
  ];
  const landmarks = [14.2, 20.5, 33.1, 21, 24, 33.3, 16, 44.8, 31.5, 45];
  for (const [index, place] of uprightPlace.entries()) {
    const [rows, columns] = index < 4 ? [height, width] : [width, height];
    const stored = new Uint8Array(upright.length);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [y, x] = place(row, column);
        stored.set(upright.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), (row * columns + column) * 3);
      }
    }
    const file = sharp(stored, { raw: { width: columns, height: rows, channels: 3 } }).withMetadata({
      orientation: index + 1,
    });
    await (index % 2 === 0 ? file.png() : file.webp({ lossless: true })).toFile(
      inAnn(`turned-${index + 1}.${index % 2 === 0 ? 'png' : 'webp'}`),
    );
  }
  const dataset = await read();
  for (const alignment of ['centreCrop', 'landmarks'] as const) {
    const marked = { ...dataset, images: dataset.images.map((image) => ({ ...image, landmarks })) };
    const set = await prepareDataset(marked, prepareSchema.parse({ inputSize: side, alignment }), {
      workspace: folder,
    });
    const turned = [...pixelsOf(set)].filter(([name]) => name.includes('turned')).map(([, pixels]) => pixels);
    assert.equal(turned.length, 8);
    assert.ok(new Set(turned[0]).size > 20, 'the picture has no detail by which a turn is seen');
    for (const [index, pixels] of turned.entries())
      assert.deepEqual(pixels, turned[0], `${alignment}, orientation ${index + 1}`);
  }
});

test('file names of every kind are accepted', async () => {
  const names = [
    'two words.png',
    ' leading and trailing .png',
    'Zoë Ångström.png',
    'Zoe\u0308.png',
    '山田.png',
    '😀.png',
    `${'n'.repeat(196)}.png`,
    'two\nlines.png',
    `it's "quoted" & <b>.png`,
    '-rf.png',
    '100%.PNG',
    'dots.in.it.png',
    '#1?.png',
    '$(id).png',
  ];
  for (const person of ['Ann', `  Zoë "Ö'Neill"\n${'x'.repeat(200)}`]) {
    mkdirSync(join(source, person), { recursive: true });
    for (const [index, name] of names.entries())
      await plain(`rgb(${index * 10},${person.length},9)`)
        .png()
        .toFile(join(source, person, name));
  }
  const set = await prepare();
  assert.deepEqual(set.rejected, []);
  const pixels = pixelsOf(set);
  assert.equal(pixels.size, 2 + 2 * names.length);
  for (const [index, name] of names.entries()) assertColour(pixels.get(`Ann/${name}`), [index * 10, 3, 9], 0, name);
});

test('a symbolic link is followed inside the source, and a screen does not follow it outside', async () => {
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  await plain('#ff0000').png().toFile(join(elsewhere, 'secret.png'));
  symlinkSync(join(elsewhere, 'secret.png'), inAnn('out.png'));
  symlinkSync('../../elsewhere/secret.png', inAnn('relative-out.png'));
  symlinkSync(elsewhere, inAnn('folder-out'));
  symlinkSync(inAnn('gone.png'), inAnn('nowhere.png'));
  symlinkSync(join('..', 'Bo', 'good.png'), inAnn('inside.png'));
  symlinkSync('.', inAnn('myself'));
  const dataset = await read([source]);
  assert.deepEqual(
    dataset.images.map(({ path }) => path.slice(source.length)),
    ['/Ann/good.png', '/Ann/inside.png', '/Bo/good.png'],
  );
  const outside =
    'The symbolic link leads out of the source folder, where only the command line follows it: import with ' +
    '`arcbench import`, or copy the picture into the source folder.';
  assert.deepEqual(
    dataset.rejected.map(({ path, reason }) => [path.slice(source.length + 5), reason]),
    [
      ['folder-out', outside],
      [
        'nowhere.png',
        'The file does not exist, or its symbolic link leads nowhere: correct the path or remove the link.',
      ],
      ['out.png', outside],
      ['relative-out.png', outside],
    ],
  );
});

test('one picture for each person is not taken for one person', async () => {
  const set = await prepare();
  assert.throws(() => makeSplit(set, splitSchema.parse({})), {
    code: 'wrong-input',
    message:
      'Ann and 1 more person have no picture left once copies are left out, and fewer than 2 people are left to ' +
      'train on: put each picture under one name, or choose split.duplicates: allow.',
  });
  assert.throws(() => makeSplit(set, splitSchema.parse({ minImages: 1, query: 0, distractors: 0 })), {
    code: 'wrong-input',
    message:
      'Ann and 1 more person have no picture left once copies are left out, and fewer than 2 people are left to ' +
      'train on: put each picture under one name, or choose split.duplicates: allow.',
  });
  rmSync(join(source, 'Bo'), { recursive: true });
  await assert.rejects(read(), {
    code: 'wrong-input',
    message:
      `${source} holds pictures of one person only (Ann): two people or more were expected, one sub-folder for ` +
      'each; add people or correct data.source.',
  });
  rmSync(join(source, 'Ann'), { recursive: true });
  await assert.rejects(read(), {
    code: 'wrong-input',
    message:
      `${source} holds no pictures of people: one sub-folder of pictures for each person was expected; correct ` +
      'data.source or data.layout.',
  });
});
