import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

// Run as a program of its own: making these takes the memory that reading them may not.
const folder = process.argv[2] ?? '';
const side = 8000; // 64 megapixels, the most that is decoded
const save = (name: string, content: Uint8Array) => writeFileSync(join(folder, name), content);
const plain = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: side, height: side, channels, background: { r: 160, g: 112, b: 80, alpha: 0.5 } } });

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
/** A PNG with one more chunk behind its header. */
const withChunk = (png: Buffer, extra: Buffer) => Buffer.concat([png.subarray(0, 33), extra, png.subarray(33)]);
const zeros = deflateSync(Buffer.alloc(2 ** 30), { level: 9 });
const small = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#a07050' } })
  .png()
  .toBuffer();
save('text.png', withChunk(small, chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), zeros]))));
save('profile.png', withChunk(small, chunk('iCCP', Buffer.concat([Buffer.from('profile\0\0', 'latin1'), zeros]))));
const wide = Buffer.from(small);
wide.writeUInt32BE(0x7fffffff, 16);
wide.writeUInt32BE(crc32(wide.subarray(12, 29)), 29);
save('wide.png', wide);

/** A TIFF of 64-bit floats, all of whose strips are the same few bytes. */
function strips(): Buffer {
  const rows = 8;
  const strip = deflateSync(Buffer.alloc(side * rows * 24));
  const count = side / rows;
  const entries: [number, number, number, number][] = [
    [256, 4, 1, side],
    [257, 4, 1, side],
    [258, 3, 3, 0],
    [259, 3, 1, 8],
    [262, 3, 1, 2],
    [273, 4, count, 0],
    [277, 3, 1, 3],
    [278, 4, 1, rows],
    [279, 4, count, 0],
    [339, 3, 3, 0],
  ];
  const tables = 8 + 2 + entries.length * 12 + 4;
  const places = { 258: tables, 339: tables + 6, 273: tables + 12, 279: tables + 12 + 4 * count };
  const data = tables + 12 + 8 * count;
  const bytes = Buffer.alloc(data + strip.length);
  bytes.write('II*\0', 0, 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(entries.length, 8);
  entries.forEach(([tag, type, length, value], index) => {
    const at = 10 + index * 12;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(length, at + 4);
    bytes.writeUInt32LE(places[tag as keyof typeof places] ?? value, at + 8);
  });
  for (let channel = 0; channel < 3; channel++) {
    bytes.writeUInt16LE(64, places[258] + 2 * channel);
    bytes.writeUInt16LE(3, places[339] + 2 * channel);
  }
  for (let index = 0; index < count; index++) {
    bytes.writeUInt32LE(data, places[273] + 4 * index);
    bytes.writeUInt32LE(strip.length, places[279] + 4 * index);
  }
  strip.copy(bytes, data);
  return bytes;
}
save('floats.tif', strips());

const jpeg = await plain().withMetadata({ orientation: 6 }).jpeg({ progressive: true, quality: 40 }).toBuffer();
save('turned.jpg', jpeg);
const scan = jpeg.lastIndexOf(Buffer.from([0xff, 0xda]));
save(
  'scans.jpg',
  Buffer.concat([
    jpeg.subarray(0, scan),
    ...Array.from({ length: 200 }, () => jpeg.subarray(scan, jpeg.length - 2)),
    jpeg.subarray(jpeg.length - 2),
  ]),
);
save('deep.png', await plain(4).toColourspace('rgb16').png({ progressive: true, compressionLevel: 9 }).toBuffer());
save('alpha.webp', await plain(4).webp({ lossless: true, effort: 0 }).toBuffer());
/** Too many colours for a palette, so that a decoder keeps every pixel whole. */
const smooth = Buffer.alloc(side * side * 4);
for (let y = 0, at = 0; y < side; y++)
  for (let x = 0; x < side; x++, at += 4)
    smooth.writeUInt32LE(
      (((x >> 5) & 255) | (((y >> 5) & 255) << 8) | ((((x + y) >> 6) & 255) << 16) | (0xc8 << 24)) >>> 0,
      at,
    );
const gradient = (height = side) =>
  sharp(smooth, { raw: { width: side, height: side, channels: 4, pageHeight: height } });
save('smooth.webp', await gradient().withMetadata({ orientation: 6 }).webp({ lossless: true, effort: 0 }).toBuffer());
save(
  'moving.webp',
  await gradient(side / 2)
    .webp({ lossless: true, effort: 0 })
    .toBuffer(),
);
save('whole.avif', await gradient().avif({ quality: 30, effort: 0, chromaSubsampling: '4:4:4' }).toBuffer());
save(
  'half.avif',
  await gradient()
    .extract({ left: 0, top: 0, width: 4400, height: 4400 })
    .avif({ quality: 30, effort: 0, chromaSubsampling: '4:4:4' })
    .toBuffer(),
); // just small enough to be taken
const turned = () => plain(4).withMetadata({ orientation: 6 }).toColourspace('rgb16');
save('turned.png', await turned().png({ progressive: true, compressionLevel: 6 }).toBuffer());
// taken, as the next two
save('turned.tif', await turned().resize(5000, 5000).tiff({ compression: 'deflate' }).toBuffer());
save('whole.jpg', await gradient().jpeg({ progressive: true, quality: 40, chromaSubsampling: '4:4:4' }).toBuffer());
save(
  'less.webp',
  await gradient()
    .extract({ left: 0, top: 0, width: 7000, height: 7000 })
    .webp({ lossless: true, effort: 0 })
    .toBuffer(),
);
save('large.gif', await plain().gif({ effort: 1 }).toBuffer());
save('deep.tif', await plain(4).toColourspace('rgb16').tiff({ compression: 'deflate' }).toBuffer());
const gif = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: '#a07050' } })
  .gif()
  .toBuffer();
const frame = gif.subarray(gif.indexOf(0x2c, 13 + 3 * 2 ** ((gif[10]! & 7) + 1)), gif.length - 1);
save(
  'frames.gif',
  Buffer.concat([
    gif.subarray(0, gif.length - 1),
    ...Array.from({ length: 5000 }, () => frame),
    gif.subarray(gif.length - 1),
  ]),
);
