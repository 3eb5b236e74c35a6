/**
 * The x at which a rising cumulative probability reaches a share, by doubling out and halving in, to the precision of
 * float64.
 */
export function invertProbability(probability: (x: number) => number, share: number): number {
  let low = -1;
  let high = 1;
  while (probability(low) > share && low > -1e300) low *= 2;
  while (probability(high) < share && high < 1e300) high *= 2;
  for (
    let halving = 0;
    halving < 200 && high - low > Number.EPSILON * Math.max(Math.abs(low), Math.abs(high));
    halving++
  ) {
    const middle = (low + high) / 2;
    if (probability(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
