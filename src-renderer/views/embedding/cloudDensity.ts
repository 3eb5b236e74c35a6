import type { Matrix4 } from 'three';
import type { CloudSize } from './cloudCamera.ts';
import { eachOnScreen } from './cloudPick.ts';
import { raisedAbove, type CloudPaint } from './cloudScene.ts';

/** Side of a cell in pixels. */
const cell = 3;
/** How opaque a cell with a single point is; the fullest one is opaque. */
const leastOpacity = 0.16;

interface Seen {
  readonly points: Float32Array;
  readonly matrix: Matrix4;
  readonly size: CloudSize;
  readonly paint: CloudPaint;
}
/** A picture of `across` x `down` cells, RGBA. */
export interface Density {
  readonly across: number;
  readonly down: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Points of the fullest cell. */
  readonly most: number;
}

/**
 * How many points lie in each cell of the picture: the more, the more opaque, on a logarithmic scale. The colour is the
 * mean of the points' colours.
 */
export function densityOf({ points, matrix, size, paint: { colours } }: Seen): Density {
  const across = Math.max(1, Math.ceil(size.width / cell));
  const down = Math.max(1, Math.ceil(size.height / cell));
  const counts = new Uint32Array(across * down);
  const sums = new Float32Array(across * down * 3);
  let most = 0;
  eachOnScreen(points, matrix, {
    size,
    visit(row, x, y) {
      const column = Math.floor(x / cell);
      const line = Math.floor(y / cell);
      if (column < 0 || line < 0 || column >= across || line >= down) return;
      const place = line * across + column;
      const count = ++counts[place]!;
      if (count > most) most = count;
      for (let channel = 0; channel < 3; channel++) sums[place * 3 + channel]! += colours[row * 3 + channel]!;
    },
  });
  const pixels = new Uint8ClampedArray(across * down * 4);
  const scale = (1 - leastOpacity) / Math.log(Math.max(2, most));
  counts.forEach((count, place) => {
    if (count === 0) return;
    for (let channel = 0; channel < 3; channel++) pixels[place * 4 + channel] = sums[place * 3 + channel]! / count;
    pixels[place * 4 + 3] = 255 * (most < 2 ? 1 : leastOpacity + scale * Math.log(count));
  });
  return { across, down, pixels, most };
}

/** Draws the density of a cloud, and over it the points that stand out. */
export function cloudDensity(canvas: HTMLCanvasElement) {
  const sheet = document.createElement('canvas');
  return {
    draw({ ratio, ...seen }: Seen & { readonly ratio: number }): void {
      const context = canvas.getContext('2d');
      const small = sheet.getContext('2d');
      if (!context || !small) return;
      const { across, down, pixels } = densityOf(seen);
      [sheet.width, sheet.height] = [across, down];
      small.putImageData(new ImageData(pixels, across, down), 0, 0);
      canvas.width = Math.round(seen.size.width * ratio);
      canvas.height = Math.round(seen.size.height * ratio);
      context.scale(ratio, ratio);
      context.imageSmoothingEnabled = false;
      context.drawImage(sheet, 0, 0, across * cell, down * cell);
      drawRaised(context, seen);
    },
  };
}

function drawRaised(context: CanvasRenderingContext2D, { points, matrix, size, paint }: Seen): void {
  const { colours, sizes } = paint;
  eachOnScreen(points, matrix, {
    size,
    visit(row, x, y) {
      const side = sizes[row]!;
      if (side <= raisedAbove) return;
      context.fillStyle = `rgb(${colours[row * 3]} ${colours[row * 3 + 1]} ${colours[row * 3 + 2]})`;
      context.beginPath();
      context.arc(x, y, side / 2, 0, 2 * Math.PI);
      context.fill();
    },
  });
}
