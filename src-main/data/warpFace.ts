/** A raw RGB picture, uint8, [height][width][3]. */
export interface RawPicture {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Where a pixel (X, Y) of the result is in the picture: x = ax X + bx Y + cx, y = ay X + by Y + cy. Pixel centres are
 * at whole numbers.
 */
export interface SamplingMap {
  readonly ax: number;
  readonly bx: number;
  readonly cx: number;
  readonly ay: number;
  readonly by: number;
  readonly cy: number;
}

// Integers are twice as fast as floating point. Places have 20 bits after the point, and weights have 11, so that
// 255 x 2^11 x 2^11 fits into 31 bits.
const placeBits = 20;
const bits = 11;
const one = 1 << bits;
const rounding = 1 << (2 * bits - 1);
const placed = (pixels: number) => Math.round(pixels * 2 ** placeBits);

/**
 * Samples a picture bilinearly into a [size][size][3] square. Pixels outside the picture are black, as in insightface.
 * Sides and places must be below 2,048 pixels.
 */
export function warpFace(picture: RawPicture, map: SamplingMap, size: number): Uint8Array {
  const { pixels, width, height } = picture;
  const stepX = placed(map.ax);
  const stepY = placed(map.ay);
  const right = placed(width - 1);
  const bottom = placed(height - 1);
  const stride = width * 3;
  const result = new Uint8Array(size * size * 3);
  let at = 0;
  for (let row = 0; row < size; row++) {
    let x = placed(map.bx * row + map.cx) | 0;
    let y = placed(map.by * row + map.cy) | 0;
    for (let column = 0; column < size; column++, at += 3, x = (x + stepX) | 0, y = (y + stepY) | 0) {
      const left = x >> placeBits;
      const top = y >> placeBits;
      const fx = (x >> (placeBits - bits)) & (one - 1);
      const fy = (y >> (placeBits - bits)) & (one - 1);
      if (x >= 0 && y >= 0 && x < right && y < bottom) {
        const upper = Math.imul(top, stride) + Math.imul(left, 3);
        const lower = upper + stride;
        // The three channels are written out, which is a fifth faster than a loop.
        const a0 = pixels[upper]!;
        const a1 = pixels[upper + 1]!;
        const a2 = pixels[upper + 2]!;
        const b0 = pixels[lower]!;
        const b1 = pixels[lower + 1]!;
        const b2 = pixels[lower + 2]!;
        const above0 = (a0 << bits) + Math.imul(fx, pixels[upper + 3]! - a0);
        const below0 = (b0 << bits) + Math.imul(fx, pixels[lower + 3]! - b0);
        const above1 = (a1 << bits) + Math.imul(fx, pixels[upper + 4]! - a1);
        const below1 = (b1 << bits) + Math.imul(fx, pixels[lower + 4]! - b1);
        const above2 = (a2 << bits) + Math.imul(fx, pixels[upper + 5]! - a2);
        const below2 = (b2 << bits) + Math.imul(fx, pixels[lower + 5]! - b2);
        result[at] = ((above0 << bits) + Math.imul(fy, below0 - above0) + rounding) >> (2 * bits);
        result[at + 1] = ((above1 << bits) + Math.imul(fy, below1 - above1) + rounding) >> (2 * bits);
        result[at + 2] = ((above2 << bits) + Math.imul(fy, below2 - above2) + rounding) >> (2 * bits);
      } else if (left >= -1 && top >= -1 && left < width && top < height) {
        for (let channel = 0; channel < 3; channel++)
          result[at + channel] = sampleAtEdge(picture, { left, top, fx, fy, channel });
      }
    }
  }
  return result;
}

/**
 * A sample with neighbours outside the picture. It is a function of its own, because a closure would slow down the
 * loop.
 */
function sampleAtEdge(
  { pixels, width, height }: RawPicture,
  {
    left,
    top,
    fx,
    fy,
    channel,
  }: {
    readonly left: number;
    readonly top: number;
    readonly fx: number;
    readonly fy: number;
    readonly channel: number;
  },
): number {
  const value = (u: number, v: number) =>
    u < 0 || v < 0 || u >= width || v >= height ? 0 : pixels[(v * width + u) * 3 + channel]!;
  const above = (one - fx) * value(left, top) + fx * value(left + 1, top);
  const below = (one - fx) * value(left, top + 1) + fx * value(left + 1, top + 1);
  return ((one - fy) * above + fy * below + rounding) >> (2 * bits);
}
