/**
 * Rank, from 1, of the target among the scores [classes]; a class that ties with it, and any NaN, counts as ranked
 * above it, so that a network that knows nothing scores nothing.
 */
export function targetRank(scores: Float32Array, label: number): number {
  const target = scores[label] as number;
  let rank = Number.isNaN(target) ? scores.length + 1 : 1;
  for (let index = 0; index < scores.length; index++)
    if (index !== label && !((scores[index] as number) < target)) rank++;
  return rank;
}
