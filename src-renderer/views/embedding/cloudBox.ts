import { Vector4 } from 'three';
import { halfExtent, startCamera, viewMatrix, type CloudCamera, type CloudSize } from './cloudCamera.ts';
import type { Rgb } from './cloudColours.ts';
import type { CloudLines } from './cloudScene.ts';
import type { Dimensions } from './placeCloud.ts';

type Vector = readonly [number, number, number];
/** Two opposite corners. */
export interface CloudBox {
  readonly low: Vector;
  readonly high: Vector;
}

/** What an axis of the box is called, and where the name stands. */
export interface CloudAxis {
  readonly name: string;
  readonly place: Vector;
}

const cutShare = 0.005;
const room = 0.04;
const leastSide = 0.02;

/** The box around a cloud [rows, 3]: 99 % of the points along each axis, with a little room. */
export function boxOf(positions: Float32Array): CloudBox {
  const ends = [0, 1, 2].map((axis) => {
    const values = positions.filter((_, at) => at % 3 === axis).sort();
    const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0;
    const low = at(cutShare);
    const high = at(1 - cutShare);
    const margin = Math.max(leastSide, (high - low) * room);
    return { low: low - margin, high: high + margin };
  });
  const [x, y, z] = ends as [(typeof ends)[0], (typeof ends)[0], (typeof ends)[0]];
  return { low: [x.low, y.low, z.low], high: [x.high, y.high, z.high] };
}

/** The eight corners; bit i of a corner's place says whether it is high on axis i. */
export const cornersOf = ({ low, high }: CloudBox): readonly Vector[] =>
  Array.from({ length: 8 }, (_, place): Vector => [
    place & 1 ? high[0] : low[0],
    place & 2 ? high[1] : low[1],
    place & 4 ? high[2] : low[2],
  ]);

/** The twelve edges of a box as lines; the three from its low corner are its axes and stand out. */
export function boxLines(box: CloudBox, { axis, edge }: { readonly axis: Rgb; readonly edge: Rgb }): CloudLines {
  const corners = cornersOf(box);
  const pairs = corners.flatMap((_, place) =>
    [1, 2, 4].flatMap((bit) => (place & bit ? [] : [{ from: place, to: place | bit }])),
  );
  return {
    positions: Float32Array.from(pairs.flatMap(({ from, to }) => [...corners[from]!, ...corners[to]!])),
    colours: Uint8Array.from(pairs.flatMap(({ from }) => (from === 0 ? [...axis, ...axis] : [...edge, ...edge]))),
  };
}

/** Where the names of the axes stand: at the ends of the three edges from the low corner. */
export function axisEnds({ low, high }: CloudBox): readonly Vector[] {
  return [
    [high[0], low[1], low[2]],
    [low[0], high[1], low[2]],
    [low[0], low[1], high[2]],
  ];
}

const filled = 0.93; // of the pane, so that names of axes have room
const rounds = 4;

/** The camera from which boxes fill a pane: turned as at the start, moved and zoomed. */
export function fittingCamera(boxes: readonly CloudBox[], dimensions: Dimensions, size: CloudSize): CloudCamera {
  const corners = boxes.flatMap(cornersOf);
  let camera = startCamera;
  // Perspective bends the ends of a box a little with each move, so a few rounds settle it.
  for (let round = 0; round < rounds && corners.length > 0; round++) {
    const matrix = viewMatrix(camera, dimensions, size);
    const seen = corners.map(([x, y, z]) => {
      const place = new Vector4(x, y, z, 1).applyMatrix4(matrix);
      return { right: place.x / place.w, up: place.y / place.w };
    });
    const ups = seen.map((at) => at.up);
    const rights = seen.map((at) => at.right);
    const left = Math.min(...rights);
    const right = Math.max(...rights);
    const bottom = Math.min(...ups);
    const top = Math.max(...ups);
    const wide = Math.max((right - left) / 2, (top - bottom) / 2, 1e-6);
    const [halfWidth, halfHeight] = halfExtent(camera, size);
    camera = {
      ...camera,
      x: camera.x + ((left + right) / 2) * halfWidth,
      y: camera.y + ((bottom + top) / 2) * halfHeight,
      zoom: camera.zoom * (filled / wide),
    };
  }
  return camera;
}
