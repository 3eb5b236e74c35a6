/** Two-sided p of McNemar's exact test: that a fair coin splits the pictures which only one of two runs gets right as unevenly as they were split (McNemar 1947). 1 without any. */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const [trials, fewer] = [onlyFirst + onlySecond, Math.min(onlyFirst, onlySecond)];
  // Binomial terms by their logarithms: 2^-trials alone would be 0 from 1,075 trials on.
  let logTerm = -trials * Math.LN2;
  let tail = 0;
  for (let count = 0; count <= fewer; count++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((trials - count) / (count + 1));
  }
  return Math.min(1, 2 * tail);
}
