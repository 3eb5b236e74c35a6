import { invertProbability } from './invertProbability.ts';
import { normalProbability } from './normalDistribution.ts';

const from = -8;
const to = 8;
const steps = 320; // of Simpson's rule, an even number

/**
 * P(range of k standard normal values ≤ q), the studentized range with infinitely many degrees of freedom:
 * k ∫ φ(z) (Φ(z) − Φ(z − q))^(k−1) dz.
 */
export function rangeProbability(q: number, k: number): number {
  if (q <= 0) return 0;
  const width = (to - from) / steps;
  let sum = 0;
  for (let step = 0; step <= steps; step++) {
    const z = from + step * width;
    const inner = step % 2 === 1 ? 4 : 2;
    const weight = step === 0 || step === steps ? 1 : inner;
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    sum += weight * density * (normalProbability(z) - normalProbability(z - q)) ** (k - 1);
  }
  return (k * sum * width) / 3;
}

/** Nemenyi's q for k treatments: the quantile of the range over √2 (Demšar 2006, table 5a). */
export const nemenyiQuantile = (k: number, alpha: number): number =>
  invertProbability((q) => rangeProbability(q, k), 1 - alpha) / Math.SQRT2;
