import type { EmbeddedImages } from '../embedImages.ts';

/** By how much the length of a unit row of float32 may differ from 1. */
const nearOne = 1e-6;

/**
 * Embeddings [images, size] of a model that has no head. Rows become of unit length; one that is that already stays as
 * it is to the bit. Ranks and predictions are those of no class: 0 and -1.
 */
export function withoutHead({
  indexes,
  labels,
  rows,
  norms,
  size,
}: Pick<EmbeddedImages, 'indexes' | 'labels' | 'norms'> & {
  readonly rows: Float32Array;
  readonly size: number;
}): EmbeddedImages {
  for (let start = 0; start < rows.length; start += size) {
    const row = rows.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    if (Math.abs(length - 1) < nearOne) continue;
    for (let at = 0; at < size; at++) row[at] = row[at]! / length;
  }
  return {
    indexes,
    labels,
    units: rows,
    norms,
    ranks: new Int32Array(indexes.length),
    predicted: new Int32Array(indexes.length).fill(-1),
  };
}
