import { ArcBenchError } from '../../../src-shared/errors.ts';
import { decodeWithinMemory, decodingReason, pictureOfBytes, rawRgb } from '../pictureFile.ts';
import { decodePlainJpeg } from '../plainJpeg.ts';
import { bufferOf, type VerificationSet } from './verificationSet.ts';

const picturesAtOnce = 64;

/**
 * Decodes some pictures of a verification set, whole and scaled to the side of the network's input, into RGB uint8
 * [n][side][side][3]. Throws 'wrong-input' naming a picture that cannot be decoded.
 */
export async function decodeSetPictures(
  set: Pick<VerificationSet, 'path' | 'pictures'>,
  { first, count, side }: { readonly first: number; readonly count: number; readonly side: number },
): Promise<Uint8Array> {
  const bytes = side * side * 3;
  const target = new Uint8Array(count * bytes);
  for (let start = 0; start < count; start += picturesAtOnce) {
    const places = Array.from({ length: Math.min(picturesAtOnce, count - start) }, (_, place) => start + place);
    await Promise.all(
      places.map(async (place) => {
        const pixels = await decodePicture(set.pictures[first + place] as Uint8Array, side);
        if ('reason' in pixels)
          throw new ArcBenchError(
            'wrong-input',
            `Picture ${first + place + 1} of ${set.path} cannot be used: ${pixels.reason}`,
          );
        target.set(pixels, place * bytes);
      }),
    );
  }
  return target;
}

async function decodePicture(content: Uint8Array, side: number): Promise<Uint8Array | { readonly reason: string }> {
  const file = bufferOf(content);
  const plain = decodePlainJpeg(file);
  if (plain?.width === side && plain.height === side) return plain.pixels.slice(0, side * side * 3);
  try {
    return await decodeWithinMemory(pictureOfBytes(file), async (picture) => {
      const scaled = picture.open().resize(side, side, { fit: 'cover' });
      return (await rawRgb(scaled)).pixels;
    });
  } catch (error) {
    return { reason: decodingReason(error) };
  }
}

/** Decodes every picture of a set once, so that a broken one is refused before anything trains on it. */
export async function checkSetPictures(
  set: Pick<VerificationSet, 'path' | 'pictures'>,
  { side, onProgress, signal }: CheckOptions,
): Promise<void> {
  for (let first = 0; first < set.pictures.length; first += picturesAtOnce) {
    if (signal?.aborted) throw new ArcBenchError('cancelled', 'Checking the verification sets was stopped.');
    const count = Math.min(picturesAtOnce, set.pictures.length - first);
    await decodeSetPictures(set, { first, count, side });
    onProgress?.(first + count, set.pictures.length);
  }
}

interface CheckOptions {
  readonly side: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
