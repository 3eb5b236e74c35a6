import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { openPackedImages } from '../../src-main/data/preparedSet.ts';

const source = mkdtempSync(join(tmpdir(), 'arcbench-pixels-'));
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-pixels-'));
after(() => [source, workspace].forEach((folder) => rmSync(folder, { recursive: true, force: true })));

type Colour = readonly [number, number, number];
const width = 5;
const height = 3;
// Each value is exact in 5 and in 6 bits, so that pictures of 16 bits hold it: 0, 255.
const bright: readonly Colour[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
  [0, 0, 0],
  [255, 255, 0],
  [0, 255, 255],
  [255, 0, 255],
];
const any: readonly Colour[] = Array.from({ length: 15 }, (_, at) => [at * 17, 255 - at * 9, (at * 53) % 256]);
const black: Colour = [0, 0, 0];
const at = (colours: readonly Colour[], x: number, y: number): Colour =>
  colours[(y * width + x) % colours.length] ?? black;
const rows = [0, 1, 2];
const columns = [0, 1, 2, 3, 4];

const padded = (bytes: readonly number[]): number[] => [
  ...bytes,
  ...Array<number>((4 - (bytes.length % 4)) % 4).fill(0),
];
const word = (value: number) => [value & 255, (value >> 8) & 255];
const long = (value: number) => [...word(value & 0xffff), ...word((value >>> 16) & 0xffff)];

interface Bitmap {
  readonly bits: number;
  readonly rowOf: (y: number) => readonly number[];
  readonly palette?: readonly Colour[];
  readonly compression?: number;
  readonly masks?: readonly number[];
  readonly fromTop?: boolean;
}

/** A BMP with the header of Windows 3; the rows from the bottom unless `fromTop`. */
function bitmap({ bits, rowOf, palette = [], compression = 0, masks = [], fromTop = false }: Bitmap): Buffer {
  const colours = palette.flatMap(([red, green, blue]) => [blue, green, red, 0]);
  const offset = 14 + 40 + masks.length * 4 + colours.length;
  const pixels = (fromTop ? rows : rows.toReversed()).flatMap((y) => padded(rowOf(y)));
  return Buffer.from([
    ...[0x42, 0x4d, ...long(offset + pixels.length), ...long(0), ...long(offset)],
    ...[...long(40), ...long(width), ...long(fromTop ? -height : height), ...word(1), ...word(bits)],
    ...[...long(compression), ...long(pixels.length), ...long(0), ...long(0), ...long(palette.length), ...long(0)],
    ...masks.flatMap(long),
    ...colours,
    ...pixels,
  ]);
}

/** The header of OS/2: 12 bytes, and colours of 3. */
function shortBitmap(colours: readonly Colour[]): Buffer {
  const pixels = rows.toReversed().flatMap((y) => padded(columns.flatMap((x) => [...at(colours, x, y)].toReversed())));
  return Buffer.from([
    ...[0x42, 0x4d, ...long(26 + pixels.length), ...long(0), ...long(26)],
    ...[...long(12), ...word(width), ...word(height), ...word(1), ...word(24)],
    ...pixels,
  ]);
}

/** Indexes into the palette of `bright`, packed from the highest bits of each byte down. */
function packedRow(y: number, bits: number): number[] {
  const bytes = Array<number>(Math.ceil((width * bits) / 8)).fill(0);
  for (const x of columns) {
    const place = x * bits;
    bytes[place >> 3]! |= ((y * width + x) % Math.min(bright.length, 2 ** bits)) << (8 - bits - (place & 7));
  }
  return bytes;
}

const five = ([red, green, blue]: Colour) => word(((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3));
const sixForGreen = ([red, green, blue]: Colour) => word(((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3));
const text = (kind: string, most: number, values: readonly number[]) =>
  Buffer.from(`${kind}\n# drawn by hand\n${width} ${height}\n${most}\n${values.join(' ')}\n`);
const greyOf = ([red]: Colour): Colour => [red, red, red];
const flat = (colours: readonly Colour[]) => rows.flatMap((y) => columns.map((x) => at(colours, x, y)));
const header = (kind: string, most: number) => Buffer.from(`${kind} ${width} ${height} ${most}\n`);

/** Each way to write a picture, with the colours that it shows. */
const written: Readonly<Record<string, readonly [file: Buffer, colours: readonly Colour[]]>> = {
  '24.bmp': [bitmap({ bits: 24, rowOf: (y) => columns.flatMap((x) => [...at(any, x, y)].toReversed()) }), any],
  '32-from-top.bmp': [
    bitmap({ bits: 32, fromTop: true, rowOf: (y) => columns.flatMap((x) => [...[...at(any, x, y)].toReversed(), 0]) }),
    any,
  ],
  'os2.bmp': [shortBitmap(any), any],
  '16.bmp': [bitmap({ bits: 16, rowOf: (y) => columns.flatMap((x) => five(at(bright, x, y))) }), bright],
  '16-565.bmp': [
    bitmap({
      bits: 16,
      compression: 3,
      masks: [0xf800, 0x07e0, 0x001f],
      rowOf: (y) => columns.flatMap((x) => sixForGreen(at(bright, x, y))),
    }),
    bright,
  ],
  '8.bmp': [bitmap({ bits: 8, palette: bright, rowOf: (y) => packedRow(y, 8) }), bright],
  '4.dib': [bitmap({ bits: 4, palette: bright, rowOf: (y) => packedRow(y, 4) }), bright],
  '1.bmp': [bitmap({ bits: 1, palette: bright.slice(0, 2), rowOf: (y) => packedRow(y, 1) }), bright.slice(0, 2)],
  'p6.ppm': [Buffer.concat([header('P6', 255), Buffer.from(flat(any).flat())]), any],
  'p3.pnm': [text('P3', 255, flat(any).flat()), any],
  'p5.pgm': [Buffer.concat([header('P5', 255), Buffer.from(flat(any).map(([red]) => red))]), any.map(greyOf)],
  'p2.pgm': [
    text(
      'P2',
      255,
      flat(any).map(([red]) => red),
    ),
    any.map(greyOf),
  ],
  // 257 x v of 65535 is v of 255.
  'p5-16.pgm': [
    Buffer.concat([header('P5', 65535), Buffer.from(flat(any).flatMap(([red]) => [red, red]))]),
    any.map(greyOf),
  ],
};

test('each kind of BMP, PGM and PPM gives the same face as the same picture in PNG', async () => {
  mkdirSync(join(source, 'own'));
  mkdirSync(join(source, 'png'));
  for (const [name, [file, colours]] of Object.entries(written)) {
    writeFileSync(join(source, 'own', name), file);
    const raw = { width, height, channels: 3 } as const;
    await sharp(Buffer.from(flat(colours).flat()), { raw })
      .png()
      .toFile(join(source, 'png', `${name}.png`));
  }
  const dataset = await importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, { workspace });
  assert.deepEqual(dataset.rejected, []);
  assert.ok(dataset.images.every((image) => image.width === width && image.height === height));
  const set = await prepareDataset(dataset, prepareSchema.parse({ inputSize: 32 }), { workspace });
  const packed = openPackedImages(set);
  const faceOf = (folder: string, name: string): Uint8Array => {
    const index = set.images.findIndex(({ path, identity }) => identity === folder && basename(path) === name);
    const pixels = new Uint8Array(32 * 32 * 3);
    packed.readInto([index], pixels);
    return pixels;
  };
  for (const name of Object.keys(written)) assert.deepEqual(faceOf('own', name), faceOf('png', `${name}.png`), name);
  packed.close();
});

test('a BMP or PPM that is cut off, vast or compressed, and a HEIC, are each left out with a sentence', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-bad-'));
  const whole = written['24.bmp']?.[0] ?? Buffer.alloc(0);
  const vast = Buffer.from(whole);
  vast.writeInt32LE(60_000, 18);
  vast.writeInt32LE(60_000, 22);
  const noColour = Buffer.from(written['8.bmp']?.[0] ?? []);
  noColour[noColour.length - 8] = 200; // a colour beyond the palette
  const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(40)]);
  const files: Readonly<Record<string, Buffer>> = {
    'whole.bmp': whole,
    'cut.bmp': whole.subarray(0, -4),
    'cut-in-header.bmp': whole.subarray(0, 24),
    'colour.bmp': noColour,
    'vast.bmp': vast,
    'packed.bmp': bitmap({ bits: 8, compression: 1, rowOf: () => [0] }),
    'cut.ppm': (written['p6.ppm']?.[0] ?? Buffer.alloc(0)).subarray(0, -1),
    'cut.pgm': Buffer.from('P2 5 3 255\n1 2 3'),
    'vast.ppm': Buffer.from('P6 99999 99999 255\n0'),
    'phone.HEIC': heic,
    'phone.jpg': heic,
  };
  for (const person of ['Ann', 'Bo']) mkdirSync(join(folder, person));
  writeFileSync(join(folder, 'Bo', 'whole.bmp'), whole);
  for (const [name, file] of Object.entries(files)) writeFileSync(join(folder, 'Ann', name), file);
  const dataset = await importDataset(
    { ...dataSchema.parse({ source: folder }), resolvedSource: folder },
    { workspace },
  );
  const set = await prepareDataset(dataset, prepareSchema.parse({ inputSize: 32 }), { workspace });
  const reasons = Object.fromEntries(
    [...dataset.rejected, ...set.rejected].map(({ path, reason }) => [basename(path), reason]),
  );
  const damaged = 'The picture is truncated or damaged: copy it again from its source, or save it again as PNG.';
  const inHeic =
    'The picture is in HEIC, the format of iPhone photographs, which ArcBench does not read: convert it to JPEG, ' +
    'with `heif-convert` or by exporting it from Photos; an iPhone set to Most Compatible takes JPEG itself.';
  const tooLarge = (side: number) =>
    `The picture has ${side} x ${side} pixels, more than the limit of 64 megapixels: make it smaller.`;
  assert.deepEqual(reasons, {
    'cut.bmp': damaged,
    'cut-in-header.bmp': damaged,
    'colour.bmp': damaged,
    'vast.bmp': tooLarge(60_000),
    'packed.bmp': 'The picture is a compressed BMP, which ArcBench does not read: save it again as PNG.',
    'cut.ppm': damaged,
    'cut.pgm': damaged,
    'vast.ppm': tooLarge(99_999),
    'phone.HEIC': inHeic,
    'phone.jpg': inHeic,
  });
  rmSync(folder, { recursive: true });
});
