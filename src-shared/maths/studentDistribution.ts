import { invertProbability } from './invertProbability.ts';

/**
 * P(|T| ≤ t) of Student's t with a whole number of degrees of freedom, in closed form (Abramowitz and Stegun 26.7.3 and
 * 26.7.4).
 */
export function studentCentralProbability(t: number, degrees: number): number {
  if (t === Infinity) return 1;
  const angle = Math.atan(t / Math.sqrt(degrees));
  const sine = Math.sin(angle);
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let sum = 0;
  let term = odd ? cosine : 1;
  for (let power = odd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= ((power + 1) / (power + 2)) * cosine ** 2;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}

/** The t that |T| stays below with a given probability: 0.95 for a two-sided 95 % interval. */
export const studentCentralQuantile = (share: number, degrees: number): number =>
  invertProbability((t) => (t <= 0 ? 0 : studentCentralProbability(t, degrees)), share);
