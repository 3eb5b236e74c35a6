/**
 * Rank, from 1, of the target among the scores [classes]. Classes that tie with it, and every NaN, count as ranked
 * above it, so a network that has learned nothing gets no credit.
 */
export function targetRank(scores: Float32Array, label: number): number {
  const target = scores[label] as number;
  let rank = Number.isNaN(target) ? scores.length + 1 : 1;
  for (let index = 0; index < scores.length; index++)
    if (index !== label && !((scores[index] as number) < target)) rank++;
  return rank;
}
