import { symmetricEigen } from './symmetricEigen.ts';

/**
 * Lays cloud `moving` onto cloud `fixed`, both [points, dimensions] with one point a row in one order: the shift, turn
 * or reflection and scale that leave the least squared distance (orthogonal Procrustes, Schönemann 1966). Distance is
 * what remains, as a share of the fixed cloud's spread.
 */
export function procrustes(
  fixed: Float32Array,
  moving: Float32Array,
  dimensions: number,
): { readonly aligned: Float32Array; readonly distance: number } {
  const points = fixed.length / dimensions;
  const a = centred(fixed, dimensions);
  const b = centred(moving, dimensions);
  const cross = new Float64Array(dimensions * dimensions); // movingᵀ fixed
  for (let point = 0; point < points; point++)
    for (let i = 0; i < dimensions; i++)
      for (let j = 0; j < dimensions; j++)
        cross[i * dimensions + j]! += b.values[point * dimensions + i]! * a.values[point * dimensions + j]!;
  const { turn, singularSum } = polar(cross, dimensions);
  const scale = b.spread > 0 ? singularSum / b.spread : 0;
  const aligned = new Float32Array(fixed.length);
  let remaining = 0;
  for (let point = 0; point < points; point++) {
    for (let j = 0; j < dimensions; j++) {
      let value = 0;
      for (let i = 0; i < dimensions; i++) value += b.values[point * dimensions + i]! * turn[i * dimensions + j]!;
      aligned[point * dimensions + j] = scale * value + a.mean[j]!;
      remaining += (scale * value - a.values[point * dimensions + j]!) ** 2;
    }
  }
  return { aligned, distance: a.spread > 0 ? remaining / a.spread : 0 };
}

function centred(
  cloud: Float32Array,
  dimensions: number,
): { readonly values: Float64Array; readonly mean: Float64Array; readonly spread: number } {
  const points = cloud.length / dimensions;
  const mean = new Float64Array(dimensions);
  cloud.forEach((value, at) => {
    mean[at % dimensions]! += value / points;
  });
  const values = Float64Array.from(cloud, (value, at) => value - mean[at % dimensions]!);
  return { values, mean, spread: values.reduce((sum, value) => sum + value * value, 0) };
}

/** U Vᵀ and Σ σ of a matrix U Σ Vᵀ; where it has no rank, U is completed. */
function polar(matrix: Float64Array, n: number): { readonly turn: Float64Array; readonly singularSum: number } {
  const squared = Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += matrix[k * n + Math.floor(at / n)]! * matrix[k * n + (at % n)]!;
    return sum;
  });
  const { values, vectors } = symmetricEigen(squared, n); // rows of Vᵀ
  const left: number[][] = [];
  let singularSum = 0;
  for (let k = 0; k < n; k++) {
    const sigma = Math.sqrt(Math.max(0, values[k]!));
    const candidates = [
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => matrix[i * n + j]! * vectors[k * n + j]!).reduce(
          (sum, value) => sum + value,
          0,
        ),
      ),
      ...Array.from({ length: n }, (_, axis) => Array.from({ length: n }, (_, i) => (i === axis ? 1 : 0))),
    ];
    if (sigma > 1e-7 * Math.sqrt(Math.max(values[0]!, 0))) singularSum += sigma;
    else candidates.shift();
    for (const candidate of candidates) {
      const rest = left.reduce((vector, unit) => {
        const along = vector.reduce((sum, value, i) => sum + value * unit[i]!, 0);
        return vector.map((value, i) => value - along * unit[i]!);
      }, candidate);
      const length = Math.hypot(...rest);
      if (length <= 1e-6 * Math.hypot(...candidate)) continue;
      left.push(rest.map((value) => value / length));
      break;
    }
  }
  return {
    turn: Float64Array.from({ length: n * n }, (_, at) =>
      left.reduce((sum, unit, k) => sum + unit[Math.floor(at / n)]! * vectors[k * n + (at % n)]!, 0),
    ),
    singularSum,
  };
}
