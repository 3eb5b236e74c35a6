import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import type { FaceImage } from './dataset.ts';
import { perceptualHash } from './perceptualHash.ts';
import { pictureFormatOf } from './pictureFormat.ts';
import { inverseTransform, similarityTransform, templateFor } from '../../src-shared/maths/similarityTransform.ts';
import { warpFace } from './warpFace.ts';

sharp.cache(false);
sharp.concurrency(1);

const megapixelLimit = 64;
const byteLimit = 512 * 2 ** 20;

/** How a face is cut out of its picture. */
export type Cut =
  | { readonly kind: 'landmarks'; readonly inputSize: number }
  | { readonly kind: 'centreCrop'; readonly inputSize: number; readonly faceRatio: number };

/** A face ready for the network: pixels are RGB uint8, [inputSize][inputSize][3]. */
export interface DecodedFace {
  readonly pixels: Uint8Array;
  readonly contentHash: string;
  readonly perceptualHash: string;
  readonly bytes: number;
  readonly modified: number;
}

/** Decodes one picture to 8-bit sRGB (EXIF-turned, first frame) and cuts its face out; a picture that cannot be used gives the reason in one sentence. */
export async function decodeFace(image: FaceImage, cut: Cut): Promise<DecodedFace | { readonly reason: string }> {
  try {
    const { size: bytes, mtimeMs: modified } = await stat(image.path);
    if (bytes === 0) return { reason: 'The file is empty (0 bytes): a picture was expected; copy it again.' };
    if (bytes > byteLimit) return { reason: `The file has ${Math.round(bytes / 2 ** 20)} MiB, more than the ${byteLimit / 2 ** 20} MiB that a picture may have: make it smaller.` };
    const file = await readFile(image.path);
    if (pictureFormatOf(file) === undefined) return { reason: 'The file is not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture, whatever its name says: convert it to PNG.' };
    const header = await sharp(file, { limitInputPixels: false }).metadata();
    if (header.width * header.height > megapixelLimit * 1e6) {
      return { reason: `The picture has ${header.width} x ${header.height} pixels, more than the ${megapixelLimit} megapixels that are decoded: make it smaller.` };
    }
    const { width, height } = header.autoOrient;
    const open = () => sharp(file, { failOn: 'warning', limitInputPixels: megapixelLimit * 1e6, sequentialRead: true }).autoOrient();
    const pixels = cut.kind === 'landmarks'
      ? await cutByLandmarks({ open, width, height }, image.landmarks ?? [], cut.inputSize)
      : await cutCentre({ open, width, height }, cut);
    if ('reason' in pixels) return pixels;
    return { pixels, contentHash: createHash('sha256').update(file).digest('hex'), perceptualHash: perceptualHash(pixels, cut.inputSize), bytes, modified };
  } catch (error) {
    return { reason: decodingReason(error) };
  }
}

interface OpenPicture {
  readonly open: () => Sharp;
  readonly width: number;
  readonly height: number;
}

async function cutCentre({ open, width, height }: OpenPicture, cut: { readonly inputSize: number; readonly faceRatio: number }): Promise<Uint8Array> {
  const side = Math.max(1, Math.round(Math.min(width, height) * cut.faceRatio));
  const region = { left: (width - side) >> 1, top: (height - side) >> 1, width: side, height: side };
  return (await rawRgb(open().extract(region).resize(cut.inputSize, cut.inputSize, { fit: 'fill' }))).pixels;
}

async function cutByLandmarks({ open, width, height }: OpenPicture, landmarks: readonly number[], inputSize: number): Promise<Uint8Array | { readonly reason: string }> {
  if (landmarks.length !== 10 || !landmarks.every(Number.isFinite)) return { reason: 'The picture has no five landmarks: ten numbers were expected; add them or choose alignment: centreCrop.' };
  const transform = similarityTransform(landmarks, templateFor(inputSize));
  if (transform === undefined) return { reason: 'The five landmarks coincide: five different points were expected; correct them.' };
  const back = inverseTransform(transform);
  const corners = [[-0.5, -0.5], [inputSize - 0.5, -0.5], [-0.5, inputSize - 0.5], [inputSize - 0.5, inputSize - 0.5]] as const;
  const xs = corners.map(([x, y]) => back.a * x - back.b * y + back.x0);
  const ys = corners.map(([x, y]) => back.b * x + back.a * y + back.y0);
  const left = Math.max(0, Math.floor(Math.min(...xs)) - 2), top = Math.max(0, Math.floor(Math.min(...ys)) - 2);
  const right = Math.min(width, Math.ceil(Math.max(...xs)) + 3), bottom = Math.min(height, Math.ceil(Math.max(...ys)) + 3);
  if (right <= left || bottom <= top) return { reason: `The five landmarks lie outside the picture of ${width} x ${height} pixels: pixels of the EXIF-turned picture were expected; correct them.` };
  const region = { left, top, width: right - left, height: bottom - top };
  // Below half size two by two samples would skip pixels, so sharp averages over areas first.
  const shrink = Math.max(1, Math.floor(1 / Math.hypot(transform.a, transform.b)));
  const whole = open();
  if (left > 0 || top > 0 || right < width || bottom < height) whole.extract(region);
  const shrunkWidth = Math.max(1, Math.round(region.width / shrink)), shrunkHeight = Math.max(1, Math.round(region.height / shrink));
  if (shrink > 1) whole.resize(shrunkWidth, shrunkHeight, { fit: 'fill' });
  const picture = await rawRgb(whole);
  const scaleX = picture.width / region.width, scaleY = picture.height / region.height;
  return warpFace(picture, {
    ax: back.a * scaleX, bx: -back.b * scaleX, cx: (back.x0 - left + 0.5) * scaleX - 0.5,
    ay: back.b * scaleY, by: back.a * scaleY, cy: (back.y0 - top + 0.5) * scaleY - 0.5,
  }, inputSize);
}

async function rawRgb(picture: Sharp): Promise<{ readonly pixels: Uint8Array; readonly width: number; readonly height: number }> {
  const { data, info } = await picture.flatten({ background: '#808080' }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const pixels = info.channels === 3 ? data : spreadGrey(data, info.channels);
  return { pixels, width: info.width, height: info.height };
}

function spreadGrey(data: Uint8Array, channels: number): Uint8Array {
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let i = 0, at = 0; i < data.length; i += channels, at += 3) pixels.fill(data[i]!, at, at + 3);
  return pixels;
}

function decodingReason(error: unknown): string {
  const text = error instanceof Error ? error.message.split('\n')[0]!.trim() : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'The file is no longer there: it was moved or deleted after the import; import again.';
  if (code === 'EACCES' || code === 'EPERM') return 'The file may not be read: change its permissions.';
  if (/premature|truncat|end of|not enough|incomplete|too short|read error/i.test(text)) return `The picture is truncated (${text}): copy it again from its source.`;
  return `The picture cannot be decoded (${text}): convert it to PNG or copy it again from its source.`;
}
