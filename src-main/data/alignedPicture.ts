import sharp from 'sharp';
import { decodeWithinMemory, rawRgb, readPicture } from './pictureFile.ts';
import { plainJpegSize } from './plainJpeg.ts';
import type { PackedImages, PreparedSet } from './preparedSet.ts';

const quality = 95; // as face2rec2 writes them

/**
 * Pictures of a prepared set as JPEG files: the source's own bytes where they show just the prepared pixels, as aligned
 * faces do, and else the prepared pixels encoded at quality 95 without chroma subsampling.
 */
export async function alignedPicture(
  set: Pick<PreparedSet, 'images' | 'inputSize'>,
  packed: PackedImages,
  index: number,
): Promise<Buffer> {
  const side = set.inputSize;
  const pixels = new Uint8Array(side * side * 3);
  packed.readInto([index], pixels);
  const own = await ownFile(set.images[index]?.path ?? '', pixels, side);
  return (
    own ??
    (await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
      .jpeg({ quality, chromaSubsampling: '4:4:4' })
      .toBuffer())
  );
}

/** The source's file where it is a plain JPEG of these very pixels; null for every other. */
async function ownFile(path: string, pixels: Uint8Array, side: number): Promise<Buffer | null> {
  try {
    const picture = readPicture(path);
    if ('reason' in picture) return null;
    const size = plainJpegSize(picture.file);
    if (size?.width !== side || size.height !== side) return null;
    const shown = await decodeWithinMemory(picture, async (file) => (await rawRgb(file.open())).pixels);
    return !('reason' in shown) && Buffer.compare(shown, pixels) === 0 ? picture.file : null;
  } catch {
    return null; // it was moved since: the prepared pixels are there
  }
}
