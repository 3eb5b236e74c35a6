import { readFileSync, statSync } from 'node:fs';
import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp';
import { unreadReason } from '../files/readFault.ts';
import { memoryBudget, withinBudget } from './memoryBudget.ts';
import { pictureFormatOf, unreadableContent } from './pictureFormat.ts';
import { plainPixels } from './plainPixels.ts';
import { plainJpegSize } from './plainJpeg.ts';
import { readRecordPicture, recordPictureOf } from './records/recordPicture.ts';
import type { RawPicture } from './warpFace.ts';

sharp.cache(false);
sharp.concurrency(1); // several pictures are decoded at a time, so more threads for each would slow them down

const megapixelLimit = 64;
// Smaller pictures are not counted: at 16 bytes a pixel, the most of all formats but TIFF and AVIF, they are no risk.
const megapixelsUncounted = 1;
const bytesUncounted = 16 * 2 ** 20; // size of a file; each thread may hold one such file
const byteLimit = 256 * 2 ** 20;

/**
 * The file of a picture. `open` decodes its first frame and turns it as EXIF says. It fails on the slightest damage,
 * unless `failOn` says otherwise.
 */
export interface PictureFile {
  readonly open: (failOn?: SharpOptions['failOn']) => Sharp;
  readonly file: Buffer;
}

/**
 * Reads the file of a picture, or a picture of a record file, on this thread. Gives the reason in one sentence if it
 * cannot be used. `decodingReason` explains what it throws.
 */
export function readPicture(path: string): PictureFile | { readonly reason: string } {
  const inRecords = recordPictureOf(path);
  if (inRecords) {
    const read = readRecordPicture(inRecords);
    return 'reason' in read ? read : pictureIn(read.file);
  }
  const found = statSync(path);
  if (!found.isFile())
    return { reason: 'It is a folder, a pipe or a device, where the file of a picture was expected.' };
  const reason = sizeReason(found.size);
  if (reason !== null) return { reason };
  return pictureIn(readFileSync(path));
}

/** As readPicture, for the bytes of a file that a screen sent. */
export function pictureIn(file: Buffer): PictureFile | { readonly reason: string } {
  const reason = sizeReason(file.length);
  if (reason !== null) return { reason };
  return pictureFormatOf(file) === undefined ? { reason: unreadableContent(file) } : pictureOfBytes(file);
}

/** A picture whose file is in memory. */
export const pictureOfBytes = (file: Buffer): PictureFile => ({
  open: opener(file, megapixelsUncounted),
  file,
});

function opener(file: Buffer, megapixels: number): PictureFile['open'] {
  let decoded: RawPicture | null = null;
  return (failOn = 'warning') => {
    const plain = plainPixels(file);
    if (plain === null)
      return sharp(file, { failOn, limitInputPixels: megapixels * 1e6, sequentialRead: true }).autoOrient();
    if ('reason' in plain) throw new Error(plain.reason);
    if (plain.width * plain.height > megapixels * 1e6) throw new Error(`The picture exceeds the ${pixelLimit}.`);
    decoded ??= plain.decode();
    return sharp(decoded.pixels, { raw: { width: decoded.width, height: decoded.height, channels: 3 } });
  };
}

const pixelLimit = 'pixel limit'; // sharp's own message has these words too

/**
 * Decodes a picture within this process's budget of memory. A few files of some kilobytes can need all memory when they
 * are decoded. So a picture of more than a megapixel waits until its share is free. One that needs more than the whole
 * budget gives the reason in one sentence.
 */
export async function decodeWithinMemory<T>(
  picture: PictureFile,
  decode: (picture: PictureFile) => Promise<T>,
): Promise<T | { readonly reason: string }> {
  const format = pictureFormatOf(picture.file);
  if (format !== 'tiff' && format !== 'avif' && picture.file.length <= bytesUncounted) {
    try {
      return await decode(picture);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes(pixelLimit))) throw error;
    }
  }
  const header = await headerOf(picture.file);
  if ('reason' in header) return header;
  const reason = tooLargeReason(header);
  if (reason !== null) return { reason };
  return await withinBudget(picture.file.length > bytesUncounted ? memoryBudget : bytesToDecode(header), () =>
    decode({ ...picture, open: opener(picture.file, megapixelLimit) }),
  );
}

/** What a header says about the memory that a picture takes, and about its size. */
type PictureHead = Parameters<typeof bytesToDecode>[0] & Pick<Metadata, 'autoOrient'>;

async function headerOf(file: Buffer): Promise<PictureHead | { readonly reason: string }> {
  const plain = plainPixels(file);
  if (plain === null) return await sharp(file, { limitInputPixels: false }).metadata();
  if ('reason' in plain) return plain;
  const { width, height } = plain;
  return {
    width,
    height,
    channels: 3,
    depth: 'uchar',
    format: 'raw',
    isProgressive: false,
    autoOrient: { width, height },
  };
}

const bytesOf: Readonly<Record<string, number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  complex: 8,
  double: 8,
  dpcomplex: 16,
};
const rowsOfStream = 2048; // a picture that is read from top to bottom never holds more rows

/**
 * The most bytes that a picture takes while it is decoded, from its header. The numbers come from measurements with
 * pictures of 64 megapixels.
 */
export function bytesToDecode({
  width,
  height,
  channels,
  depth,
  format,
  isProgressive,
  orientation,
  pages,
  chromaSubsampling,
}: Pick<
  Metadata,
  'width' | 'height' | 'channels' | 'depth' | 'format' | 'isProgressive' | 'orientation' | 'pages' | 'chromaSubsampling'
>): number {
  const pixels = width * height;
  const bytesAPixel = channels * (bytesOf[depth] ?? 16);
  const streamed = Math.min(height, rowsOfStream) * width * bytesAPixel;
  const turned = (orientation ?? 1) > 1 ? pixels * bytesAPixel : 0; // turning needs a second copy of the picture
  switch (format) {
    case 'jpeg': {
      if (!isProgressive) return streamed + turned;
      const coefficients = pixels * (chromaSubsampling === '4:2:0' ? channels / 2 : channels);
      return 2 * coefficients + turned; // a coefficient has 16 bits
    }
    case 'png':
      return (isProgressive ? pixels * bytesAPixel : streamed) + turned;
    case 'webp':
      // The stored picture, the decoded one, and the canvas of an animation.
      return pixels * (4 + channels + ((pages ?? 1) > 1 ? 4 : 0)) + turned;
    case 'gif':
      return pixels * 8;
    case 'heif':
      return pixels * 20; // AV1 keeps several frames, with colour and transparency separate
    default:
      return pixels * bytesAPixel + turned; // a TIFF may be one tile
  }
}

/** Why a picture with this header is not decoded; null if it is. */
function tooLargeReason(header: PictureHead): string | null {
  const { width, height, channels, depth } = header;
  if (width * height > megapixelLimit * 1e6)
    return (
      `The picture has ${width} x ${height} pixels, more than the limit of ${megapixelLimit} megapixels: make it ` +
      'smaller.'
    );
  const bytes = bytesToDecode(header);
  if (bytes <= memoryBudget) return null;
  return (
    `The picture of ${width} x ${height} pixels with ${channels} channels of ${8 * (bytesOf[depth] ?? 16)} ` +
    `bits may take ${Math.ceil(bytes / 1e6)} MB of memory while it is decoded, more than the limit of ` +
    `${memoryBudget / 1e6} MB: make it smaller, or save it again as a plain 8-bit JPEG or PNG.`
  );
}

/** Why a file of this size is not read; null if it is. */
export function sizeReason(bytes: number): string | null {
  if (bytes === 0) return 'The file is empty (0 bytes): a picture was expected; copy it again.';
  return bytes > byteLimit
    ? `The file has ${Math.round(bytes / 2 ** 20)} MiB, more than the limit of ${byteLimit / 2 ** 20} MiB for a ` +
        'picture: make it smaller.'
    : null;
}

/**
 * Width and height of the EXIF-turned picture, from its header. Gives the reason in one sentence if it is too large.
 * `decodingReason` explains what it throws.
 */
export async function sizeOf({
  file,
}: Pick<PictureFile, 'file'>): Promise<
  { readonly width: number; readonly height: number } | { readonly reason: string }
> {
  const plain = plainJpegSize(file); // about 50 times as fast as sharp
  if (plain && plain.width * plain.height <= megapixelLimit * 1e6) return plain;
  const header = await headerOf(file);
  if ('reason' in header) return header;
  const reason = tooLargeReason(header);
  return reason === null ? header.autoOrient : { reason };
}

/** Decodes to sRGB as uint8 [height][width][3]. Transparent parts become grey. */
export async function rawRgb(picture: Sharp): Promise<RawPicture> {
  const { data, info } = await picture
    .flatten({ background: '#808080' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const pixels = info.channels === 3 ? data : spreadGrey(data, info.channels);
  return { pixels, width: info.width, height: info.height };
}

function spreadGrey(data: Uint8Array, channels: number): Uint8Array {
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let i = 0, at = 0; i < data.length; i += channels, at += 3) pixels.fill(data[i]!, at, at + 3);
  return pixels;
}

/**
 * Explains in one sentence what was thrown while a picture was read or decoded. The decoder's own message is left out,
 * because it may be about another picture that is decoded at the same time. Throws where no more files can be opened.
 */
export function decodingReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ENOENT') return 'The file is no longer there: it was moved or deleted after the import; import again.';
  if (code !== undefined) return unreadReason(error, 'file');
  return 'The picture is truncated or damaged: copy it again from its source, or save it again as PNG.';
}
