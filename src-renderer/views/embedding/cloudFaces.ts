import type { Matrix4 } from 'three';
import type { CloudSize } from './cloudCamera.ts';
import { cssOf } from './cloudColours.ts';
import { eachOnScreen } from './cloudPick.ts';
import { raisedAbove, type CloudPaint } from './cloudScene.ts';

/** Side of a face in pixels. */
export const faceSide = 28;
const raisedFaceSide = 40;
const cell = faceSide * 0.6;
const mostKept = 4000;

interface Seen {
  readonly points: Float32Array;
  readonly matrix: Matrix4;
  readonly size: CloudSize;
  readonly paint: CloudPaint;
}
interface PlacedFace {
  readonly row: number;
  readonly x: number;
  readonly y: number;
  readonly raised: boolean;
}

/** The visible faces, the one in front last. Where several overlap, only the one in front: it would hide the others. */
export function facesSeen({ points, matrix, size, paint }: Seen): readonly PlacedFace[] {
  const foremost = new Map<number, PlacedFace & { readonly depth: number }>();
  const across = Math.ceil(size.width / cell) + 4;
  eachOnScreen(points, matrix, {
    size,
    visit(row, x, y, depth) {
      if (x < -faceSide || y < -faceSide || x > size.width + faceSide || y > size.height + faceSide) return;
      const place = Math.round(y / cell) * across + Math.round(x / cell);
      const raised = (paint.sizes[row] ?? 0) > raisedAbove;
      const known = foremost.get(place);
      if (!known || (raised === known.raised ? depth < known.depth : raised))
        foremost.set(place, { row, x, y, depth, raised });
    },
  });
  return [...foremost.values()].sort((a, b) => Number(a.raised) - Number(b.raised) || b.depth - a.depth);
}

/** Draws faces over a cloud, bordered in their points' colours. Calls `loaded` when a picture has arrived. */
export function cloudFaces(canvas: HTMLCanvasElement, loaded: () => void) {
  const pictures = new Map<string, HTMLImageElement>();
  function pictureAt(address: string): HTMLImageElement | null {
    const known = pictures.get(address);
    if (known) return known.complete && known.naturalWidth > 0 ? known : null;
    if (pictures.size >= mostKept) pictures.delete(pictures.keys().next().value!);
    const picture = new Image();
    picture.onload = loaded;
    picture.src = address;
    pictures.set(address, picture);
    return null;
  }
  return {
    draw({
      ratio,
      addressOf,
      ...seen
    }: Seen & { readonly ratio: number; readonly addressOf: (row: number) => string | null }): void {
      const context = canvas.getContext('2d');
      if (!context) return;
      canvas.width = Math.round(seen.size.width * ratio);
      canvas.height = Math.round(seen.size.height * ratio);
      context.scale(ratio, ratio);
      context.lineWidth = 2;
      const faces = facesSeen(seen);
      const steppedBack = faces.some(({ raised }) => raised);
      const { colours } = seen.paint;
      for (const { row, x, y, raised } of faces) {
        const address = addressOf(row);
        const picture = address === null ? null : pictureAt(address);
        if (!picture) continue;
        const side = raised ? raisedFaceSide : faceSide;
        context.globalAlpha = steppedBack && !raised ? 0.25 : 1;
        context.drawImage(picture, x - side / 2, y - side / 2, side, side);
        context.strokeStyle = cssOf([colours[row * 3]!, colours[row * 3 + 1]!, colours[row * 3 + 2]!]);
        context.strokeRect(x - side / 2, y - side / 2, side, side);
      }
    },
  };
}
