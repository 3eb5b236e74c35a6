import sharp from 'sharp';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { engineRemedy } from '../engine/engineRemedy.ts';
import { detectionSide, landmarkSide, loadFaceDetector, type FaceDetector } from '../engine/faceDetector.ts';
import type { DetectorMessage, FoundFaces } from './faceFinder.ts';
import { decodeWithinMemory, decodingReason, rawRgb, readPicture, sizeOf } from './pictureFile.ts';
import type { RawPicture } from './warpFace.ts';

const decodedSide = 1024;
/** A picture made small enough for the search, and the size that it has in its file. */
interface SmallPicture {
  readonly small: RawPicture;
  readonly width: number;
  readonly height: number;
}
/** A part of a picture, in its pixels. */
interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

async function decodeSmall(path: string): Promise<SmallPicture | { readonly reason: string }> {
  try {
    const picture = readPicture(path);
    if ('reason' in picture) return picture;
    const size = await sizeOf(picture);
    if ('reason' in size) return size;
    const small = await decodeWithinMemory(picture, ({ open }) =>
      rawRgb(open().resize(decodedSide, decodedSide, { fit: 'inside', withoutEnlargement: true })),
    );
    if ('reason' in small) return small;
    return { small, width: size.width, height: size.height };
  } catch (error) {
    return { reason: decodingReason(error) };
  }
}

async function findFaces(detector: FaceDetector, { small, width, height }: SmallPicture): Promise<FoundFaces> {
  // A face that fills its picture is not seen by the detector, but it is in a frame: the second look has one.
  const seen = await lookWithin(detector, small, detectionSide);
  const faces = seen.length > 0 ? seen : await lookWithin(detector, small, detectionSide / 2);
  const [largest] = faces.toSorted((a, b) => b.width * b.height - a.width * a.height);
  if (!largest) return { faces: 0, landmarks: [] };
  const { data, info } = await fromRaw(small)
    .extract(largest)
    .resize(landmarkSide, landmarkSide, { fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const shares = await detector.placePoints({ pixels: data, width: info.width, height: info.height });
  const landmarks = shares.map((share, index) =>
    index % 2 === 0
      ? (largest.left + share * largest.width) * (width / small.width)
      : (largest.top + share * largest.height) * (height / small.height),
  );
  return { faces: faces.length, landmarks: landmarks.map((value) => Math.round(value * 100) / 100) };
}

/**
 * Looks for faces in a picture whose longer side takes `side` of the detector's square, in its middle; the rest is
 * grey.
 */
async function lookWithin(detector: FaceDetector, picture: RawPicture, side: number): Promise<Region[]> {
  const scale = side / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((length) => Math.max(1, Math.round(length * scale))) as [
    number,
    number,
  ];
  const x = (detectionSide - width) >> 1;
  const y = (detectionSide - height) >> 1;
  const square = await fromRaw(picture)
    .resize(width, height, { fit: 'fill' })
    .extend({
      left: x,
      top: y,
      right: detectionSide - width - x,
      bottom: detectionSide - height - y,
      background: '#808080',
    })
    .raw()
    .toBuffer();
  return detector.locate(square).flatMap((box) => {
    const within = (share: number, offset: number, [drawn, real]: [number, number]) =>
      Math.min(real, Math.max(0, ((share * detectionSide - offset) / drawn) * real));
    const [left, right] = [box.left, box.right].map((share) =>
      Math.round(within(share, x, [width, picture.width])),
    ) as [number, number];
    const [top, bottom] = [box.top, box.bottom].map((share) =>
      Math.round(within(share, y, [height, picture.height])),
    ) as [number, number];
    return right > left && bottom > top ? [{ left, top, width: right - left, height: bottom - top }] : [];
  });
}

const fromRaw = ({ pixels, width, height }: RawPicture) => sharp(pixels, { raw: { width, height, channels: 3 } });

const tell = (message: DetectorMessage) => process.send?.(message);
const loading = loadFaceDetector();
let searching: Promise<unknown> = loading.catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  tell({
    kind: 'failed',
    code: error instanceof ArcBenchError ? error.code : 'failed',
    message:
      error instanceof ArcBenchError ? message : `The face detector cannot be loaded (${message}): ${engineRemedy()}.`,
  });
});
process.on('SIGINT', () => undefined); // the workbench hears Ctrl-C and ends this process
process.on('disconnect', () => process.exit());
process.on('message', (path: string) => {
  const decoding = decodeSmall(path); // begins at once, while earlier pictures are searched; the answers keep the order
  searching = searching.then(async () => {
    const decoded = await decoding;
    const detector = await loading;
    const found =
      'reason' in decoded
        ? decoded
        : await findFaces(detector, decoded).catch((error: unknown) => ({
            reason:
              'The face detector failed on this picture ' +
              `(${error instanceof Error ? error.message : String(error)}): leave it out, or give its ` +
              'landmarks.',
          }));
    tell({ kind: 'picture', found });
  });
});
