import { similarityRows } from '../engine/similarityBlocks.ts';

const fewestNumbers = 8; // centres of fewer numbers always lie close to each other
const mostCentres = 20_000; // comparing more takes too long for every epoch
const collapsedCosine = 0.99;

/**
 * How many classes have a centre that nearly coincides with one of another class, from class weights [classes x K,
 * size]. Null where the centres are too small or too many to say.
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
      if (
        Math.floor(other / perClass) !== own &&
        similarities[other]! > collapsedCosine * lengths[row]! * lengths[other]!
      )
        collapsed.add(own);
    }
  }
  return collapsed.size;
}
