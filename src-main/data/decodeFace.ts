import { hash } from 'node:crypto';
import type { FaceImage, PictureRegion } from './dataset.ts';
import {
  decodeWithinMemory,
  decodingReason,
  pictureIn,
  rawRgb,
  readPicture,
  sizeOf,
  type PictureFile,
} from './pictureFile.ts';
import { perceptualHash } from './perceptualHash.ts';
import { decodePlainJpeg, loadJpegDecoder } from './plainJpeg.ts';
import {
  inverseTransform,
  similarityTransform,
  templateFor,
  type SimilarityTransform,
} from '../../src-shared/maths/similarityTransform.ts';
import { warpFace, type RawPicture, type SamplingMap } from './warpFace.ts';

/** How a face is cut out of its picture. */
export type Cut =
  | { readonly kind: 'landmarks'; readonly inputSize: number }
  | { readonly kind: 'centreCrop'; readonly inputSize: number; readonly faceRatio: number }
  | { readonly kind: 'whole'; readonly inputSize: number };

/** A face ready for the network: pixels are RGB uint8, [inputSize][inputSize][3]. */
export interface DecodedFace {
  readonly pixels: Uint8Array;
  readonly contentHash: string;
  readonly perceptualHash: string;
}

/**
 * Decodes one picture to 8-bit sRGB (EXIF-turned, first frame) and cuts its face out. Gives the reason in one sentence
 * if the picture cannot be used. `bytes` are its file's, where it is not on the disk.
 */
export async function decodeFace(
  image: FaceImage,
  cut: Cut,
  bytes?: Buffer,
): Promise<DecodedFace | { readonly reason: string }> {
  try {
    const picture = bytes ? pictureIn(bytes) : readPicture(image.path);
    if ('reason' in picture) return picture;
    const pixels = await decodeWithinMemory(picture, (file) =>
      cut.kind === 'landmarks' ? cutByLandmarks(file, image, cut.inputSize) : cutCentre(file, image, cut),
    );
    if ('reason' in pixels) return pixels;
    return {
      pixels,
      contentHash: hash('sha256', picture.file),
      perceptualHash: perceptualHash(pixels, cut.inputSize),
    };
  } catch (error) {
    return { reason: decodingReason(error) };
  }
}

async function cutCentre(
  file: PictureFile,
  image: FaceImage,
  cut: Exclude<Cut, { readonly kind: 'landmarks' }>,
): Promise<Uint8Array | { readonly reason: string }> {
  const size = await sizeOf(file);
  if ('reason' in size) return size;
  const shown = image.region ?? { left: 0, top: 0, width: size.width, height: size.height };
  const region = cut.kind === 'whole' ? shown : squareIn(shown, cut.faceRatio);
  return (await rawRgb(file.open().extract(region).resize(cut.inputSize, cut.inputSize, { fit: 'fill' }))).pixels;
}

/** The square in the middle of a part of a picture; `share` is its side by the shorter side. */
function squareIn({ left, top, width, height }: NonNullable<FaceImage['region']>, share: number) {
  const side = Math.max(1, Math.round(Math.min(width, height) * share));
  return { left: left + ((width - side) >> 1), top: top + ((height - side) >> 1), width: side, height: side };
}

async function cutByLandmarks(
  file: PictureFile,
  { landmarks = [], region: shown }: Pick<FaceImage, 'landmarks' | 'region'>,
  inputSize: number,
): Promise<Uint8Array | { readonly reason: string }> {
  if (landmarks.length !== 10 || !landmarks.every(Number.isFinite))
    return {
      reason: 'The picture has no five landmarks: ten numbers were expected; add them or choose alignment: centreCrop.',
    };
  const transform = similarityTransform(landmarks, templateFor(inputSize));
  if (transform === undefined)
    return { reason: 'The five landmarks coincide: five different points were expected; correct them.' };
  const back = inverseTransform(transform);
  // Below half size, interpolation between four pixels would skip others, so sharp averages over areas first.
  const shrink = Math.max(1, Math.floor(1 / Math.hypot(transform.a, transform.b)));
  const wanted = regionOf(back, inputSize);
  await loadJpegDecoder();
  // Nothing may wait between this call and the warp: its pixels are there only until its next call.
  const whole = shrink === 1 && !shown ? decodePlainJpeg(file.file) : null;
  const decoded = whole ? wholeAround(whole, wanted) : await decodePart(file, { wanted, shown, shrink });
  if ('reason' in decoded) return decoded;
  return warpFace(decoded.picture, samplingMap(back, decoded), inputSize);
}

/** The part of the picture that the square of a face covers, with a margin for interpolation. */
function regionOf(back: SimilarityTransform, inputSize: number): Region {
  const first = -0.5;
  const last = inputSize - 0.5;
  const corners = [
    [first, first],
    [last, first],
    [first, last],
    [last, last],
  ] as const;
  const xs = corners.map(([x, y]) => back.a * x - back.b * y + back.x0);
  const ys = corners.map(([x, y]) => back.b * x + back.a * y + back.y0);
  return {
    left: Math.floor(Math.min(...xs)) - 2,
    top: Math.floor(Math.min(...ys)) - 2,
    right: Math.ceil(Math.max(...xs)) + 3,
    bottom: Math.ceil(Math.max(...ys)) + 3,
  };
}

interface DecodedPart {
  readonly picture: RawPicture;
  /** What the picture shows, in pixels of the whole picture. */
  readonly region: Region;
}

/** A whole decoded picture, if the wanted part overlaps it. */
function wholeAround(picture: RawPicture, wanted: Region): DecodedPart | { readonly reason: string } {
  const overlap = overlapOf(wanted, picture);
  if ('reason' in overlap) return overlap;
  return { picture, region: { left: 0, top: 0, right: picture.width, bottom: picture.height } };
}

/** Decodes the wanted part of a picture, as far as it is inside what counts as the picture. */
async function decodePart(
  file: PictureFile,
  {
    wanted,
    shown,
    shrink,
  }: { readonly wanted: Region; readonly shown: PictureRegion | undefined; readonly shrink: number },
): Promise<DecodedPart | { readonly reason: string }> {
  // Most faces are inside their pictures, so the part is decoded without reading the header first.
  if (!shown && wanted.left >= 0 && wanted.top >= 0) {
    const inside = await decodeRegion(file, wanted, shrink).catch(() => null);
    if (inside) return { picture: inside, region: wanted };
  }
  const size = await sizeOf(file);
  if ('reason' in size) return size;
  const region = overlapOf(wanted, size, shown);
  if ('reason' in region) return region;
  return { picture: await decodeRegion(file, region, shrink), region };
}

function overlapOf(
  wanted: Region,
  { width, height }: { readonly width: number; readonly height: number },
  shown: PictureRegion = { left: 0, top: 0, width, height },
): Region | { readonly reason: string } {
  const region = {
    left: Math.max(shown.left, wanted.left),
    top: Math.max(shown.top, wanted.top),
    right: Math.min(shown.left + shown.width, wanted.right),
    bottom: Math.min(shown.top + shown.height, wanted.bottom),
  };
  if (region.right > region.left && region.bottom > region.top) return region;
  return {
    reason:
      `The five landmarks are outside the picture of ${width} x ${height} pixels: pixels of the EXIF-turned picture ` +
      'were expected; correct them.',
  };
}

/** Where the pixels of the face are in a decoded part, which may be smaller than the region that it shows. */
function samplingMap(back: SimilarityTransform, { picture, region }: DecodedPart): SamplingMap {
  const scaleX = picture.width / (region.right - region.left);
  const scaleY = picture.height / (region.bottom - region.top);
  return {
    ax: back.a * scaleX,
    bx: -back.b * scaleX,
    cx: (back.x0 - region.left + 0.5) * scaleX - 0.5,
    ay: back.b * scaleY,
    by: back.a * scaleY,
    cy: (back.y0 - region.top + 0.5) * scaleY - 0.5,
  };
}

interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Decodes a part of a picture, made smaller by a whole factor. Throws if it is not inside the picture or is damaged.
 */
async function decodeRegion(
  file: PictureFile,
  { left, top, right, bottom }: Region,
  shrink: number,
): Promise<RawPicture> {
  const width = right - left;
  const height = bottom - top;
  const part = file.open().extract({ left, top, width, height });
  if (shrink > 1)
    part.resize(Math.max(1, Math.round(width / shrink)), Math.max(1, Math.round(height / shrink)), { fit: 'fill' });
  return await rawRgb(part);
}
