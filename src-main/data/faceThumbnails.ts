import sharp from 'sharp';
import { openPackedImages, type PreparedSet } from './preparedSet.ts';

const side = 96; // pixels

/** Faces of a prepared set as JPEG data URLs of 96 x 96 pixels, by their index in the set. */
export async function faceThumbnails(set: PreparedSet, indexes: readonly number[]): Promise<Map<number, string>> {
  if (indexes.length === 0) return new Map();
  const { inputSize } = set;
  const packed = openPackedImages(set);
  const pixels = new Uint8Array(indexes.length * inputSize * inputSize * 3);
  try {
    packed.readInto(indexes, pixels);
  } finally {
    packed.close();
  }
  return new Map(
    await Promise.all(
      indexes.map(async (index, place) => {
        const face = pixels.subarray(place * inputSize * inputSize * 3, (place + 1) * inputSize * inputSize * 3);
        const jpeg = await sharp(face, { raw: { width: inputSize, height: inputSize, channels: 3 } })
          .resize(side, side)
          .jpeg({ quality: 82 })
          .toBuffer();
        return [index, `data:image/jpeg;base64,${jpeg.toString('base64')}`] as const;
      }),
    ),
  );
}
