import type { Matrix4 } from 'three';
import type { CloudSize } from './cloudCamera.ts';

/** Visits the points [rows, 3] in front of the camera, with their position in pixels and their depth. */
export function eachOnScreen(
  positions: Float32Array,
  { elements: m }: Matrix4,
  {
    size: { width, height },
    visit,
  }: { readonly size: CloudSize; readonly visit: (row: number, x: number, y: number, depth: number) => void },
): void {
  for (let row = 0, at = 0; at < positions.length; row++, at += 3) {
    const x = positions[at]!;
    const y = positions[at + 1]!;
    const z = positions[at + 2]!;
    const w = m[3]! * x + m[7]! * y + m[11]! * z + m[15]!;
    if (w <= 0) continue;
    visit(
      row,
      (((m[0]! * x + m[4]! * y + m[8]! * z + m[12]!) / w + 1) / 2) * width,
      ((1 - (m[1]! * x + m[5]! * y + m[9]! * z + m[13]!) / w) / 2) * height,
      w,
    );
  }
}

/** The position of one row in pixels; null behind the camera. */
export function placeOf(
  positions: Float32Array,
  matrix: Matrix4,
  { size, row }: { readonly size: CloudSize; readonly row: number },
): readonly [number, number] | null {
  let place: readonly [number, number] | null = null;
  eachOnScreen(positions.subarray(row * 3, row * 3 + 3), matrix, {
    size,
    visit: (_, x, y) => {
      place = [x, y];
    },
  });
  return place;
}

/** The row under the pointer, within `reach` pixels. Of rows at about the same distance, the one in front. */
export function rowAt(
  positions: Float32Array,
  matrix: Matrix4,
  {
    size,
    at,
    reach = 9,
  }: { readonly size: CloudSize; readonly at: readonly [number, number]; readonly reach?: number },
): number | null {
  let found: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  eachOnScreen(positions, matrix, {
    size,
    visit(row, x, y, depth) {
      const distance = Math.hypot(x - at[0], y - at[1]);
      if (distance > reach) return;
      const cost = distance + (depth * reach) / 2;
      if (cost >= least) return;
      found = row;
      least = cost;
    },
  });
  return found;
}

/** The rows inside a polygon of pixels (even-odd rule). */
export function rowsWithin(
  positions: Float32Array,
  matrix: Matrix4,
  { size, outline }: { readonly size: CloudSize; readonly outline: readonly (readonly [number, number])[] },
): number[] {
  const rows: number[] = [];
  eachOnScreen(positions, matrix, {
    size,
    visit(row, x, y) {
      let inside = false;
      for (let corner = 0, before = outline.length - 1; corner < outline.length; before = corner++) {
        const [x1, y1] = outline[corner]!;
        const [x2, y2] = outline[before]!;
        if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
      }
      if (inside) rows.push(row);
    },
  });
  return rows;
}
