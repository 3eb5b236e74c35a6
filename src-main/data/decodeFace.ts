import { createHash } from 'node:crypto';
import type { FaceImage } from './dataset.ts';
import { decodingReason, rawRgb, readPicture, sizeOf, type PictureFile } from './pictureFile.ts';
import { perceptualHash } from './perceptualHash.ts';
import { inverseTransform, similarityTransform, templateFor } from '../../src-shared/maths/similarityTransform.ts';
import { warpFace, type RawPicture } from './warpFace.ts';

const smallFile = 64 * 2 ** 10;

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
    const picture = await readPicture(image.path);
    if ('reason' in picture) return picture;
    const pixels = cut.kind === 'landmarks' ? await cutByLandmarks(picture, image.landmarks ?? [], cut.inputSize) : await cutCentre(picture, cut);
    if ('reason' in pixels) return pixels;
    const { file, modified } = picture;
    return { pixels, contentHash: createHash('sha256').update(file).digest('hex'), perceptualHash: perceptualHash(pixels, cut.inputSize), bytes: file.length, modified };
  } catch (error) {
    return { reason: decodingReason(error) };
  }
}

async function cutCentre(file: PictureFile, cut: { readonly inputSize: number; readonly faceRatio: number }): Promise<Uint8Array | { readonly reason: string }> {
  const size = await sizeOf(file);
  if ('reason' in size) return size;
  const side = Math.max(1, Math.round(Math.min(size.width, size.height) * cut.faceRatio));
  const region = { left: (size.width - side) >> 1, top: (size.height - side) >> 1, width: side, height: side };
  return (await rawRgb(file.open().extract(region).resize(cut.inputSize, cut.inputSize, { fit: 'fill' }))).pixels;
}

async function cutByLandmarks(file: PictureFile, landmarks: readonly number[], inputSize: number): Promise<Uint8Array | { readonly reason: string }> {
  if (landmarks.length !== 10 || !landmarks.every(Number.isFinite)) return { reason: 'The picture has no five landmarks: ten numbers were expected; add them or choose alignment: centreCrop.' };
  const transform = similarityTransform(landmarks, templateFor(inputSize));
  if (transform === undefined) return { reason: 'The five landmarks coincide: five different points were expected; correct them.' };
  const back = inverseTransform(transform);
  // Below half size two by two samples would skip pixels, so sharp averages over areas first.
  const shrink = Math.max(1, Math.floor(1 / Math.hypot(transform.a, transform.b)));
  // A small file is decoded as a whole sooner than its header is read for the part that is needed.
  const small = shrink === 1 && file.file.length <= smallFile ? await rawRgb(file.open(1)).catch(() => null) : null;
  const size = small ?? await sizeOf(file);
  if ('reason' in size) return size;
  const { width, height } = size;
  const corners = [[-0.5, -0.5], [inputSize - 0.5, -0.5], [-0.5, inputSize - 0.5], [inputSize - 0.5, inputSize - 0.5]] as const;
  const xs = corners.map(([x, y]) => back.a * x - back.b * y + back.x0);
  const ys = corners.map(([x, y]) => back.b * x + back.a * y + back.y0);
  const left = Math.max(0, Math.floor(Math.min(...xs)) - 2), top = Math.max(0, Math.floor(Math.min(...ys)) - 2);
  const right = Math.min(width, Math.ceil(Math.max(...xs)) + 3), bottom = Math.min(height, Math.ceil(Math.max(...ys)) + 3);
  if (right <= left || bottom <= top) return { reason: `The five landmarks lie outside the picture of ${width} x ${height} pixels: pixels of the EXIF-turned picture were expected; correct them.` };
  const region = small ? { left: 0, top: 0, width, height } : { left, top, width: right - left, height: bottom - top };
  const picture = small ?? await decodeRegion(file, region, shrink);
  const scaleX = picture.width / region.width, scaleY = picture.height / region.height;
  return warpFace(picture, {
    ax: back.a * scaleX, bx: -back.b * scaleX, cx: (back.x0 - region.left + 0.5) * scaleX - 0.5,
    ay: back.b * scaleY, by: back.a * scaleY, cy: (back.y0 - region.top + 0.5) * scaleY - 0.5,
  }, inputSize);
}

function decodeRegion(file: PictureFile, region: { readonly left: number; readonly top: number; readonly width: number; readonly height: number }, shrink: number): Promise<RawPicture> {
  const part = file.open().extract(region);
  if (shrink > 1) part.resize(Math.max(1, Math.round(region.width / shrink)), Math.max(1, Math.round(region.height / shrink)), { fit: 'fill' });
  return rawRgb(part);
}
