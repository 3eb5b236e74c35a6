import { randomStream } from './random.ts';
import { symmetricEigen } from './symmetricEigen.ts';

export interface PrincipalComponents {
  /** [rows, components]: the centred rows along each axis. */
  readonly scores: Float32Array;
  /** Share of the variance along each axis, falling. */
  readonly explained: Float64Array;
}

const oversampling = 8;
const iterations = 60;

/**
 * Principal components of rows [n, size] by seeded orthogonal iteration on their covariance; the largest number of each
 * axis is positive, so that the same rows always give the same picture.
 */
export function principalComponents(
  rows: Float32Array,
  size: number,
  { components, seed }: { readonly components: number; readonly seed: number },
): PrincipalComponents {
  const count = rows.length / size;
  const mean = new Float64Array(size);
  for (let row = 0; row < count; row++) for (let at = 0; at < size; at++) mean[at]! += rows[row * size + at]! / count;
  const covariance = covarianceOf(rows, mean);
  let trace = 0;
  for (let at = 0; at < size; at++) trace += covariance[at * size + at]!;

  const wide = Math.min(size, components + oversampling);
  const random = randomStream(seed, 'principal components');
  let basis = orthonormal(Float64Array.from({ length: wide * size }, random.normal), size); // [wide, size]
  for (let iteration = 0; iteration < iterations; iteration++)
    basis = orthonormal(product(basis, covariance, size), size);
  // Rayleigh and Ritz: the best axes within the found space.
  const image = product(basis, covariance, size);
  const small = Float64Array.from({ length: wide * wide }, (_, at) =>
    dot(basis, Math.floor(at / wide), { other: image, row: at % wide, size }),
  );
  const { values, vectors } = symmetricEigen(small, wide);
  const kept = Math.min(components, wide);
  const axes = new Float64Array(kept * size);
  for (let axis = 0; axis < kept; axis++) {
    const own = axes.subarray(axis * size, (axis + 1) * size);
    for (let from = 0; from < wide; from++)
      for (let at = 0; at < size; at++) own[at]! += vectors[axis * wide + from]! * basis[from * size + at]!;
    const largest = own.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    if (largest < 0) for (let at = 0; at < size; at++) own[at] = -own[at]!;
  }
  const scores = new Float32Array(count * components);
  for (let row = 0; row < count; row++) {
    for (let axis = 0; axis < kept; axis++) {
      let sum = 0;
      for (let at = 0; at < size; at++) sum += (rows[row * size + at]! - mean[at]!) * axes[axis * size + at]!;
      scores[row * components + axis] = sum;
    }
  }
  return {
    scores,
    explained: Float64Array.from({ length: components }, (_, axis) =>
      trace > 0 ? Math.max(0, values[axis] ?? 0) / trace : 0,
    ),
  };
}

function covarianceOf(rows: Float32Array, mean: Float64Array): Float64Array {
  const size = mean.length;
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let start = 0; start < rows.length; start += size) {
    for (let at = 0; at < size; at++) centred[at] = rows[start + at]! - mean[at]!;
    for (let a = 0; a < size; a++)
      for (let b = a; b < size; b++) covariance[a * size + b]! += centred[a]! * centred[b]!;
  }
  for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) covariance[a * size + b] = covariance[b * size + a]!;
  return covariance;
}

/** Rows [n, size] times a symmetric matrix [size, size]. */
function product(rows: Float64Array, matrix: Float64Array, size: number): Float64Array {
  const result = new Float64Array(rows.length);
  for (let start = 0; start < rows.length; start += size) {
    for (let from = 0; from < size; from++) {
      const factor = rows[start + from]!;
      for (let to = 0; to < size; to++) result[start + to]! += factor * matrix[from * size + to]!;
    }
  }
  return result;
}

function dot(
  rows: Float64Array,
  row: number,
  { other, row: otherRow, size }: { readonly other: Float64Array; readonly row: number; readonly size: number },
): number {
  let sum = 0;
  for (let at = 0; at < size; at++) sum += rows[row * size + at]! * other[otherRow * size + at]!;
  return sum;
}

/**
 * Rows made orthogonal to one another and of unit length, by Gram and Schmidt twice over; what vanishes becomes zero.
 */
function orthonormal(rows: Float64Array, size: number): Float64Array {
  const result = rows.slice();
  for (let row = 0; row * size < result.length; row++) {
    const own = result.subarray(row * size, (row + 1) * size);
    for (let pass = 0; pass < 2; pass++) {
      for (let before = 0; before < row; before++) {
        const along = dot(result, row, { other: result, row: before, size });
        for (let at = 0; at < size; at++) own[at]! -= along * result[before * size + at]!;
      }
    }
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    for (let at = 0; at < size; at++) own[at] = length > 1e-300 ? own[at]! / length : 0;
  }
  return result;
}
