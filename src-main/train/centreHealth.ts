import { similarityRows } from '../engine/similarityBlocks.ts';

// Class centres of fewer numbers lie close by necessity, and very many take too long for every epoch.
const fewestNumbers = 8;
const mostCentres = 20_000;
const onAnother = 0.99;

/**
 * How many classes have a centre nearly on that of another class, from class weights [classes x K, size]; null where
 * that cannot be told.
 */
export function collapsedCentres(
  weights: Float32Array,
  { classes, size }: { readonly classes: number; readonly size: number },
): number | null {
  const count = weights.length / size;
  if (size < fewestNumbers || count > mostCentres) return null;
  const lengths = Float64Array.from({ length: count }, (_, row) =>
    Math.sqrt(weights.subarray(row * size, (row + 1) * size).reduce((sum, value) => sum + value * value, 0)),
  );
  const perClass = count / classes;
  const collapsed = new Set<number>();
  for (const { row, similarities } of similarityRows(weights, weights, size)) {
    const own = Math.floor(row / perClass);
    for (let other = 0; other < count; other++) {
      if (Math.floor(other / perClass) !== own && similarities[other]! > onAnother * lengths[row]! * lengths[other]!)
        collapsed.add(own);
    }
  }
  return collapsed.size;
}
