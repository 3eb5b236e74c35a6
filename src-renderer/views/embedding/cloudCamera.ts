import { Matrix4 } from 'three';

/** The camera that all clouds share. Angles in radians; x and y in units of the cloud, whose radius is about 1. */
export interface CloudCamera {
  readonly azimuth: number;
  readonly elevation: number;
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}
/** Pixels. */
export interface CloudSize {
  readonly width: number;
  readonly height: number;
}

export const startCamera: CloudCamera = { azimuth: 0.6, elevation: 0.35, zoom: 1, x: 0, y: 0 };
/** Distance of the camera in 3-D. */
export const eyeDistance = 4.5;
const near = 1;
const far = 8;
const border = 1.12;
const mostZoom = 60;
const leastZoom = 0.3;

/** Half of the width and height that are visible at the cloud's centre. */
export function halfExtent({ zoom }: CloudCamera, { width, height }: CloudSize): readonly [number, number] {
  const half = border / zoom;
  return width > height ? [(half * width) / height, half] : [half, (half * height) / width];
}

/** The matrix from the cloud to clip space: from straight above in 2-D, with perspective in 3-D. */
export function viewMatrix(camera: CloudCamera, dimensions: 2 | 3, size: CloudSize): Matrix4 {
  const [x, y] = halfExtent(camera, size);
  if (dimensions === 2)
    return new Matrix4().set(1 / x, 0, 0, -camera.x / x, 0, 1 / y, 0, -camera.y / y, 0, 0, 1, 0, 0, 0, 0, 1);
  const share = near / eyeDistance;
  return new Matrix4()
    .makePerspective(-x * share, x * share, y * share, -y * share, near, far)
    .multiply(new Matrix4().makeTranslation(-camera.x, -camera.y, -eyeDistance))
    .multiply(new Matrix4().makeRotationX(camera.elevation))
    .multiply(new Matrix4().makeRotationY(camera.azimuth));
}

/** The camera after a drag by `by` pixels; what is under the pointer moves with it. */
export function panned(camera: CloudCamera, by: readonly [number, number], size: CloudSize): CloudCamera {
  const [x, y] = halfExtent(camera, size);
  return { ...camera, x: camera.x - (2 * x * by[0]) / size.width, y: camera.y + (2 * y * by[1]) / size.height };
}

/** The camera after a drag by `by` pixels that turns the cloud. The elevation stops at the poles. */
export function turned(camera: CloudCamera, by: readonly [number, number]): CloudCamera {
  return {
    ...camera,
    azimuth: camera.azimuth + by[0] * 0.008,
    elevation: Math.max(-Math.PI / 2, Math.min(Math.PI / 2, camera.elevation + by[1] * 0.008)),
  };
}

/** The camera closer by a factor; the point under `at` (pixels) stays where it is. */
export function zoomed(
  camera: CloudCamera,
  factor: number,
  { at, size }: { readonly at: readonly [number, number]; readonly size: CloudSize },
): CloudCamera {
  const next = { ...camera, zoom: Math.max(leastZoom, Math.min(mostZoom, camera.zoom * factor)) };
  const before = halfExtent(camera, size);
  const after = halfExtent(next, size);
  const right = (2 * at[0]) / size.width - 1;
  const up = 1 - (2 * at[1]) / size.height;
  return { ...next, x: camera.x + right * (before[0] - after[0]), y: camera.y + up * (before[1] - after[1]) };
}
