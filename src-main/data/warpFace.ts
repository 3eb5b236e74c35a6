/** A raw RGB picture, uint8, [height][width][3]. */
export interface RawPicture {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Where a pixel of the result lies in the picture: x = ax X + bx Y + cx, y = ay X + by Y + cy (pixel centres at whole numbers). */
export interface SamplingMap {
  readonly ax: number; readonly bx: number; readonly cx: number;
  readonly ay: number; readonly by: number; readonly cy: number;
}

// Fractions of a pixel as whole numbers run twice as fast as floating point: 255 x 2^11 x 2^11 fits 31 bits.
const bits = 11;
const one = 1 << bits;
const rounding = 1 << (2 * bits - 1);

/** Samples a picture bilinearly into a [size][size][3] square; outside the picture it is black, as insightface does it. */
export function warpFace(picture: RawPicture, map: SamplingMap, size: number): Uint8Array {
  const { pixels, width, height } = picture;
  const { ax, ay } = map;
  const stride = width * 3;
  const result = new Uint8Array(size * size * 3);
  let at = 0;
  for (let row = 0; row < size; row++) {
    const rowX = map.bx * row + map.cx, rowY = map.by * row + map.cy;
    for (let column = 0; column < size; column++, at += 3) {
      const x = ax * column + rowX, y = ay * column + rowY;
      if (x >= 0 && y >= 0 && x < width - 1 && y < height - 1) {
        const left = x | 0, top = y | 0;
        const fx = ((x - left) * one) | 0, fy = ((y - top) * one) | 0;
        const upper = Math.imul(top, stride) + Math.imul(left, 3), lower = upper + stride;
        for (let channel = 0; channel < 3; channel++) {
          const a = pixels[upper + channel]!, b = pixels[lower + channel]!;
          const above = (a << bits) + Math.imul(fx, pixels[upper + channel + 3]! - a), below = (b << bits) + Math.imul(fx, pixels[lower + channel + 3]! - b);
          result[at + channel] = ((above << bits) + Math.imul(fy, below - above) + rounding) >> (2 * bits);
        }
      } else if (x > -1 && y > -1 && x < width && y < height) {
        const left = Math.floor(x), top = Math.floor(y);
        const fx = ((x - left) * one) | 0, fy = ((y - top) * one) | 0;
        for (let channel = 0; channel < 3; channel++) {
          const value = (u: number, v: number) => (u < 0 || v < 0 || u >= width || v >= height ? 0 : pixels[v * stride + u * 3 + channel]!);
          const above = (one - fx) * value(left, top) + fx * value(left + 1, top), below = (one - fx) * value(left, top + 1) + fx * value(left + 1, top + 1);
          result[at + channel] = ((one - fy) * above + fy * below + rounding) >> (2 * bits);
        }
      }
    }
  }
  return result;
}
