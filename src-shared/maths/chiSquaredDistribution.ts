import { gammaln } from 'simple-statistics';
import { invertProbability } from './invertProbability.ts';

/**
 * P(X ≤ x) of χ² with k degrees of freedom: the regularised lower incomplete gamma function P(k/2, x/2), as its series
 * (Abramowitz and Stegun 6.5.29) or, above it, as Legendre's continued fraction (6.5.31).
 */
export function chiSquaredProbability(x: number, degrees: number): number {
  if (x <= 0) return 0;
  const a = degrees / 2;
  const half = x / 2;
  const front = Math.exp(a * Math.log(half) - half - gammaln(a));
  if (half < a + 1) {
    let term = 1 / a;
    let sum = 1 / a;
    for (let index = 1; term > sum * 1e-17; index++) {
      term *= half / (a + index);
      sum += term;
    }
    return front * sum;
  }
  return 1 - front * upperFraction(a, half);
}

/** The continued fraction of Γ(a, x) e^x x^-a, evaluated forwards by Lentz's rule. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let index = 1; index < 1000; index++) {
    const numerator = -index * (index - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

/** The x below which a share of χ² with k degrees of freedom lies. */
export const chiSquaredQuantile = (share: number, degrees: number): number =>
  invertProbability((x) => chiSquaredProbability(x, degrees), share);
