/**
 * Two-sided p of McNemar's exact test: that a fair coin splits the pictures which only one of two runs gets right as
 * unevenly as they were split (McNemar 1947). 1 without any.
 */
export const mcnemar = (onlyFirst: number, onlySecond: number): number =>
  signedCountsTest([...Array<number>(onlyFirst).fill(1), ...Array<number>(onlySecond).fill(-1)]);

/**
 * Two-sided p that whole numbers are as likely of one sign as of the other, each keeping its size: the exact sign-flip
 * test. For the 1 and −1 of one pair of runs it is McNemar's exact test; for differences over several runs, each
 * picture counts once, whose predictions hang together (as in Durkalski et al. 2003, whose test is its approximation).
 * 1 without any.
 */
export function signedCountsTest(differences: readonly number[]): number {
  const sizes = new Map<number, number>();
  for (const size of differences.map(Math.abs)) if (size > 0) sizes.set(size, (sizes.get(size) ?? 0) + 1);
  // Share of all patterns of signs that make each number of units positive. Each size is tossed as fair coins of that
  // worth.
  let shares: Float64Array = Float64Array.of(1);
  for (const [size, count] of sizes) {
    const coins = fairCoins(count);
    const next = new Float64Array(shares.length + size * count);
    coins.forEach((coin, heads) => {
      if (coin > 0)
        shares.forEach((share, at) => {
          next[at + size * heads] = (next[at + size * heads] as number) + coin * share;
        });
    });
    shares = next;
  }
  const positive = differences.reduce((sum, value) => sum + Math.max(0, value), 0);
  const fewer = Math.min(positive, shares.length - 1 - positive);
  return Math.min(1, 2 * shares.subarray(0, fewer + 1).reduce((sum, share) => sum + share, 0));
}

/** Probabilities of 0 to n heads of n fair coins, by their logarithms: 2^-n alone would be 0 from 1,075 coins on. */
function fairCoins(n: number): Float64Array {
  let logTerm = -n * Math.LN2;
  return Float64Array.from({ length: n + 1 }, (_, heads) => {
    const own = Math.exp(logTerm);
    logTerm += Math.log((n - heads) / (heads + 1));
    return own;
  });
}
