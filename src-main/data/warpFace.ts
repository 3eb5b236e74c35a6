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

/** Samples a picture bilinearly into a [size][size][3] square; outside the picture it is black, as insightface does it. */
export function warpFace(picture: RawPicture, map: SamplingMap, size: number): Uint8Array {
  const { pixels, width, height } = picture;
  const result = new Uint8Array(size * size * 3);
  let at = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++, at += 3) {
      const x = map.ax * column + map.bx * row + map.cx;
      const y = map.ay * column + map.by * row + map.cy;
      const left = Math.floor(x), top = Math.floor(y);
      if (left < -1 || top < -1 || left >= width || top >= height) continue;
      const fx = x - left, fy = y - top;
      const insideLeft = left >= 0, insideRight = left + 1 < width, insideTop = top >= 0, insideBottom = top + 1 < height;
      const w00 = insideLeft && insideTop ? (1 - fx) * (1 - fy) : 0;
      const w01 = insideRight && insideTop ? fx * (1 - fy) : 0;
      const w10 = insideLeft && insideBottom ? (1 - fx) * fy : 0;
      const w11 = insideRight && insideBottom ? fx * fy : 0;
      const p00 = (Math.max(top, 0) * width + Math.max(left, 0)) * 3;
      const p01 = insideRight ? (Math.max(top, 0) * width + left + 1) * 3 : p00;
      const p10 = insideBottom ? ((top + 1) * width + Math.max(left, 0)) * 3 : p00;
      const p11 = insideRight && insideBottom ? ((top + 1) * width + left + 1) * 3 : p00;
      for (let channel = 0; channel < 3; channel++) {
        result[at + channel] = w00 * pixels[p00 + channel]! + w01 * pixels[p01 + channel]! + w10 * pixels[p10 + channel]! + w11 * pixels[p11 + channel]! + 0.5;
      }
    }
  }
  return result;
}
