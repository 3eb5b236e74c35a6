import sharp from 'sharp';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { engineRemedy } from '../engine/engineRemedy.ts';
import { detectionSide, landmarkSide, loadFaceDetector, type FaceDetector } from '../engine/faceDetector.ts';
import type { PictureRegion } from './dataset.ts';
import type { DetectorMessage, FoundFace, SearchedPicture, SearchRequest } from './faceFinder.ts';
import { outliveReaders } from '../files/outliveReaders.ts';
import { decodeWithinMemory, decodingReason, pictureIn, rawRgb, readPicture, sizeOf } from './pictureFile.ts';
import type { RawPicture } from './warpFace.ts';

const decodedSide = 1024;
/** A picture made small enough for the search, and its size in the file. */
interface SmallPicture {
  readonly small: RawPicture;
  readonly width: number;
  readonly height: number;
}
async function decodeSmall(given: SearchRequest['picture']): Promise<SmallPicture | { readonly reason: string }> {
  try {
    const picture = typeof given === 'string' ? readPicture(given) : pictureIn(Buffer.from(given));
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

/** The faces of a picture. Points are placed in every face, or in the largest one only. */
async function findFaces(detector: FaceDetector, picture: SmallPicture, every: boolean): Promise<SearchedPicture> {
  const { small } = picture;
  // The detector does not see a face that fills its picture. The second look puts the picture into a frame.
  const seen = await lookWithin(detector, small, detectionSide);
  const faces = seen.length > 0 ? seen : await lookWithin(detector, small, detectionSide / 2);
  const falling = faces.toSorted((a, b) => b.width * b.height - a.width * a.height);
  const placed: FoundFace[] = [];
  for (const region of every ? falling : falling.slice(0, 1)) placed.push(await placeFace(detector, picture, region));
  return { faces: faces.length, placed };
}

/** Places the five points of a face that lies in a region of the small picture. */
async function placeFace(
  detector: FaceDetector,
  { small, width, height }: SmallPicture,
  region: PictureRegion,
): Promise<FoundFace> {
  const { data, info } = await fromRaw(small)
    .extract(region)
    .resize(landmarkSide, landmarkSide, { fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const shares = await detector.placePoints({ pixels: data, width: info.width, height: info.height });
  const scaleX = width / small.width;
  const scaleY = height / small.height;
  const landmarks = shares.map((share, index) =>
    index % 2 === 0 ? (region.left + share * region.width) * scaleX : (region.top + share * region.height) * scaleY,
  );
  return {
    box: {
      left: Math.round(region.left * scaleX),
      top: Math.round(region.top * scaleY),
      width: Math.round(region.width * scaleX),
      height: Math.round(region.height * scaleY),
    },
    landmarks: landmarks.map((value) => Math.round(value * 100) / 100),
  };
}

/**
 * Looks for faces in a picture that is placed in the middle of the detector's square. Its longer side becomes `side`
 * pixels. The rest of the square is grey.
 */
async function lookWithin(detector: FaceDetector, picture: RawPicture, side: number): Promise<PictureRegion[]> {
  const scale = side / Math.max(picture.width, picture.height);
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
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
    const left = placeInPicture(box.left, x, { drawn: width, real: picture.width });
    const right = placeInPicture(box.right, x, { drawn: width, real: picture.width });
    const top = placeInPicture(box.top, y, { drawn: height, real: picture.height });
    const bottom = placeInPicture(box.bottom, y, { drawn: height, real: picture.height });
    return right > left && bottom > top ? [{ left, top, width: right - left, height: bottom - top }] : [];
  });
}

/** A place along one axis, from a share of the detector's square to whole pixels of the picture. */
const placeInPicture = (
  share: number,
  offset: number,
  { drawn, real }: { readonly drawn: number; readonly real: number },
): number => Math.round(Math.min(real, Math.max(0, ((share * detectionSide - offset) / drawn) * real)));

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
// Ctrl-C and the end of a terminal reach the workbench too, which ends this process.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
outliveReaders();
process.on('disconnect', () => process.exit());
process.on('message', ({ picture, every }: SearchRequest) => {
  // Decoding begins at once, while earlier pictures are searched. The answers keep the order.
  const decoding = decodeSmall(picture);
  searching = searching.then(async () => {
    const decoded = await decoding;
    const detector = await loading;
    const found =
      'reason' in decoded
        ? decoded
        : await findFaces(detector, decoded, every).catch((error: unknown) => ({
            reason:
              'The face detector failed on this picture ' +
              `(${error instanceof Error ? error.message : String(error)}): leave it out, or give its ` +
              'landmarks.',
          }));
    tell({ kind: 'picture', found });
  });
});
