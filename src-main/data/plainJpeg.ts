import { createRequire } from 'node:module';
import type { RawPicture } from './warpFace.ts';

const mostSide = 1024; // larger ones are decoded faster in part, and smaller, by sharp
const mostScans = 100; // of a progressive picture; thousands of empty ones would take minutes
const startOfScan = Buffer.from([0xff, 0xda]);
// taken again for each picture: what they leave behind costs as much as a fifth of their decoding
let decoded = Buffer.alloc(0);

type JpegTurbo = typeof import('@julusian/jpeg-turbo');
let turbo: JpegTurbo | null | undefined;

/**
 * Loaded with the first picture that it is to decode; null on a machine that it is not built for, where sharp decodes
 * all.
 */
function jpegTurbo(): JpegTurbo | null {
  if (turbo !== undefined) return turbo;
  try {
    return (turbo = createRequire(import.meta.url)('@julusian/jpeg-turbo') as JpegTurbo);
  } catch {
    return (turbo = null);
  }
}

/**
 * Decodes what most face datasets consist of, small 8-bit YCbCr or grey JPEGs that are not turned by EXIF and have no
 * colour profile, by libjpeg-turbo on
 * this thread, in a quarter of sharp's time; null for every other file, a damaged one included: sharp has the word on
 * those. Pixels are within 8 levels of sharp's, and there until the next call.
 */
export function decodePlainJpeg(file: Buffer): RawPicture | null {
  const size = plainJpegSize(file);
  const library = size && Math.max(size.width, size.height) <= mostSide ? jpegTurbo() : null;
  if (size === null || library === null) return null;
  const bytes = size.width * size.height * 3;
  if (decoded.length < bytes) decoded = Buffer.alloc(bytes);
  try {
    const found = library.decompressSync(file, decoded, { format: library.FORMAT_RGB });
    return found.width === size.width && found.height === size.height ? { pixels: decoded, ...size } : null;
  } catch {
    return null;
  }
}

/**
 * Width and height of a plain JPEG in pixels, from the markers before its first scan (ITU T.81, B.2); null for every
 * other file.
 */
export function plainJpegSize(file: Buffer): { readonly width: number; readonly height: number } | null {
  let size: { readonly width: number; readonly height: number } | null = null;
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff;) {
    const marker = file[at + 1] as number;
    const length = file.readUInt16BE(at + 2);
    const segment = file.subarray(at + 4, at + 2 + length);
    if (length < 2 || segment.length !== length - 2) return null;
    const begins = (text: string) => segment.toString('latin1', 0, text.length) === text;
    switch (marker) {
      case 0xda:
        return size;
      case 0xc0:
      case 0xc1:
      case 0xc2: {
        if (size !== null || segment.length < 6 || segment[0] !== 8 || (segment[5] !== 1 && segment[5] !== 3))
          return null;
        size = { height: segment.readUInt16BE(1), width: segment.readUInt16BE(3) };
        if (size.width * size.height === 0 || (marker === 0xc2 && scansOf(file) > mostScans)) return null;
        break;
      }
      case 0xe1:
        if (begins('Exif') && isTurned(segment)) return null;
        break;
      case 0xe2:
        if (begins('ICC_PROFILE')) return null;
        break;
      case 0xee:
        if (begins('Adobe') && segment[11] !== 1) return null;
        break; // RGB or CMYK
      case 0xfe:
      case 0xdb:
      case 0xc4:
      case 0xdd:
        break; // comment, tables, restart interval
      default:
        if (marker < 0xe0 || marker > 0xef) return null; // arithmetic coding, lossless, hierarchical
    }
    at += 2 + length;
  }
  return null;
}

/** Whether an EXIF segment turns its picture (tag 274 of its first directory), or may do so. */
function isTurned(segment: Buffer): boolean {
  const tiff = segment.subarray(6);
  if (tiff.length < 8) return true;
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length || directory + 2 + 12 * short(directory) > tiff.length) return true;
  return Array.from({ length: short(directory) }, (_, entry) => directory + 2 + 12 * entry).some(
    (at) => short(at) === 274 && short(at + 8) !== 1,
  );
}

function scansOf(file: Buffer): number {
  let scans = 0;
  for (let at = file.indexOf(startOfScan); at >= 0 && scans <= mostScans; at = file.indexOf(startOfScan, at + 2))
    scans++;
  return scans;
}
