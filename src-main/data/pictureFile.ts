import { readFileSync, statSync } from 'node:fs';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { oneAtATime } from './oneAtATime.ts';
import { pictureFormatOf } from './pictureFormat.ts';
import { plainJpegSize } from './plainJpeg.ts';
import type { RawPicture } from './warpFace.ts';

sharp.cache(false);
sharp.concurrency(1); // pictures are decoded side by side: a second thread in each costs more than it brings

const megapixelLimit = 64;
const bytesSideBySide = 96e6; // of one decoded picture
const mostBytesAPixel = 8; // four channels of 16 bits
const byteLimit = 512 * 2 ** 20;

/** A picture's file; `open` decodes it turned as EXIF says, its first frame alone, and fails on the slightest damage unless told otherwise. */
export interface PictureFile {
  readonly open: (failOn?: SharpOptions['failOn']) => Sharp;
  readonly file: Buffer;
  readonly modified: number;
}

/** Reads a picture's file, on this thread; one that cannot be used gives the reason in one sentence. Throws what `decodingReason` turns into one. */
export function readPicture(path: string): PictureFile | { readonly reason: string } {
  const { size: bytes, mtimeMs: modified } = statSync(path);
  const reason = sizeReason(bytes);
  if (reason !== null) return { reason };
  const file = readFileSync(path);
  if (pictureFormatOf(file) === undefined) return { reason: noPicture };
  return { open: opener(file, bytesSideBySide / mostBytesAPixel / 1e6), file, modified };
}

const opener = (file: Buffer, megapixels: number): PictureFile['open'] => (failOn = 'warning') => sharp(file, { failOn, limitInputPixels: megapixels * 1e6, sequentialRead: true }).autoOrient();

/** Decodes a picture; a large one waits until no other large one is decoded, as a few files of some kilobytes can take all memory at once. */
export async function decodeWithinMemory<T>(picture: PictureFile, decode: (picture: PictureFile) => Promise<T>): Promise<T> {
  try {
    return await decode(picture);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('pixel limit'))) throw error;
    const large = () => decode({ ...picture, open: opener(picture.file, megapixelLimit) });
    return await decodedBytes(picture.file) > bytesSideBySide ? await oneAtATime(large) : await large();
  }
}

const bytesOf: Readonly<Record<string, number>> = { uchar: 1, char: 1, ushort: 2, short: 2 };

/** Bytes that a picture takes while it is decoded, from its header: width x height x channels x depth, twice as many for a progressive JPEG, whose coefficients have 16 bits. */
export async function decodedBytes(file: Buffer): Promise<number> {
  const { width, height, channels, depth, format, isProgressive } = await sharp(file, { limitInputPixels: false }).metadata();
  return width * height * channels * (bytesOf[depth] ?? mostBytesAPixel) * (format === 'jpeg' && isProgressive ? 2 : 1);
}

export const noPicture = 'The file is not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture, whatever its name says: convert it to PNG.';

/** Why a file of so many bytes is not read; null where it may be a picture. */
export function sizeReason(bytes: number): string | null {
  if (bytes === 0) return 'The file is empty (0 bytes): a picture was expected; copy it again.';
  return bytes > byteLimit ? `The file has ${Math.round(bytes / 2 ** 20)} MiB, more than the ${byteLimit / 2 ** 20} MiB that a picture may have: make it smaller.` : null;
}

/** Width and height of the EXIF-turned picture, from its header; one with too many pixels gives the reason in one sentence. Throws what `decodingReason` turns into one. */
export async function sizeOf({ file }: Pick<PictureFile, 'file'>): Promise<{ readonly width: number; readonly height: number } | { readonly reason: string }> {
  const plain = plainJpegSize(file); // in a fiftieth of the time that sharp takes
  const header = plain ? { ...plain, autoOrient: plain } : await sharp(file, { limitInputPixels: false }).metadata();
  if (header.width * header.height > megapixelLimit * 1e6) {
    return { reason: `The picture has ${header.width} x ${header.height} pixels, more than the ${megapixelLimit} megapixels that are decoded: make it smaller.` };
  }
  return header.autoOrient;
}

/** Decodes to RGB uint8 [height][width][3], sRGB, transparent parts on grey. */
export async function rawRgb(picture: Sharp): Promise<RawPicture> {
  const { data, info } = await picture.flatten({ background: '#808080' }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const pixels = info.channels === 3 ? data : spreadGrey(data, info.channels);
  return { pixels, width: info.width, height: info.height };
}

function spreadGrey(data: Uint8Array, channels: number): Uint8Array {
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let i = 0, at = 0; i < data.length; i += channels, at += 3) pixels.fill(data[i]!, at, at + 3);
  return pixels;
}

/** What was thrown while a picture was read or decoded, in one sentence; the decoder's own words are left out, as it mixes those of pictures that are decoded at one time. */
export function decodingReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'ENOENT') return 'The file is no longer there: it was moved or deleted after the import; import again.';
  if (code === 'EACCES' || code === 'EPERM') return 'The file may not be read: change its permissions.';
  if (code !== undefined) return `The file cannot be read (${code}): check the disk, or copy it again from its source.`;
  return 'The picture is truncated or damaged: copy it again from its source, or save it anew as PNG.';
}
