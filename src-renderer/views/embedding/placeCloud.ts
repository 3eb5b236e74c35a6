import type { EmbeddingFrame, EmbeddingPoints } from '../../../src-shared/answers/embeddingAnswers.ts';
import { procrustes } from '../../../src-shared/maths/procrustes.ts';

export type Dimensions = 2 | 3;

/** Whether two projections show the same pictures in one order, so that one can be aligned to the other. */
export const showsSame = (a: EmbeddingPoints, b: EmbeddingPoints): boolean =>
  a.dimensions === b.dimensions &&
  a.rows.length === b.rows.length &&
  a.rows.every((row, at) => row.file === b.rows[at]?.file);

/**
 * The snapshots of a projection as [rows, 3] with a radius of about 1. Each is aligned to the next by Procrustes, and
 * the last to the last of `onto`. Each keeps its own scale: Procrustes would shrink one that hardly fits. The unit
 * sphere is only turned about its centre.
 */
export function alignedSnapshots(
  { frames, dimensions, method }: EmbeddingPoints,
  onto: readonly Float32Array[] | null,
): Float32Array[] {
  const placed: Float32Array[] = [];
  // From the last one backwards: it is the result of training, and the one that is compared.
  for (const frame of [...frames].reverse()) {
    const fixed = placed.length > 0 ? placed.at(-1)! : (onto?.at(-1) ?? null);
    placed.push(method === 'sphere' ? onSphere(frame, fixed) : onPlane(frame, dimensions, fixed));
  }
  return placed.reverse();
}

function onPlane({ coordinates }: EmbeddingFrame, dimensions: Dimensions, fixed: Float32Array | null): Float32Array {
  const own = normalised(Float32Array.from(coordinates), dimensions);
  const turned = fixed
    ? normalised(procrustes(dimensions === 3 ? fixed : flat(fixed), own, dimensions).aligned, dimensions)
    : own;
  if (dimensions === 3) return turned;
  const deep = new Float32Array((turned.length / 2) * 3);
  for (let row = 0; row < turned.length / 2; row++) deep.set(turned.subarray(row * 2, row * 2 + 2), row * 3);
  return deep;
}

function onSphere({ coordinates }: EmbeddingFrame, fixed: Float32Array | null): Float32Array {
  const own = Float32Array.from(coordinates);
  if (!fixed) return own;
  // With each point's opposite added, the centre is the origin: only a rotation and a scale are left.
  const { aligned } = procrustes(withOpposites(fixed), withOpposites(own), 3);
  const scale = Math.hypot(aligned[0]!, aligned[1]!, aligned[2]!) || 1;
  return aligned.subarray(0, own.length).map((value) => value / scale);
}

const withOpposites = (cloud: Float32Array): Float32Array =>
  Float32Array.from({ length: cloud.length * 2 }, (_, at) =>
    at < cloud.length ? cloud[at]! : -cloud[at - cloud.length]!,
  );
const flat = (cloud: Float32Array): Float32Array => cloud.filter((_, at) => at % 3 < 2);

/** Centred, with 99 % of the points within radius 1. */
function normalised(cloud: Float32Array, dimensions: Dimensions): Float32Array {
  const points = cloud.length / dimensions;
  const mean = new Float64Array(dimensions);
  cloud.forEach((value, at) => {
    mean[at % dimensions]! += value / points;
  });
  const centred = cloud.map((value, at) => value - mean[at % dimensions]!);
  const radii = Float32Array.from({ length: points }, (_, point) =>
    Math.hypot(...centred.subarray(point * dimensions, (point + 1) * dimensions)),
  ).sort();
  const radius = radii[Math.floor((points - 1) * 0.99)] || 1;
  return centred.map((value) => value / radius);
}
