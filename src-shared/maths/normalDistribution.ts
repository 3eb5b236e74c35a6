import { chiSquaredProbability } from './chiSquaredDistribution.ts';
import { invertProbability } from './invertProbability.ts';

/** Φ(z) of the standard normal distribution, from z² being χ² with one degree of freedom. */
export const normalProbability = (z: number): number => (1 + Math.sign(z) * chiSquaredProbability(z * z, 1)) / 2;

/**
 * The z below which a share of the standard normal distribution lies; shares of 0 and 1 give the largest finite ones.
 */
export const normalQuantile = (share: number): number =>
  invertProbability(normalProbability, Math.min(Math.max(share, 1e-15), 1 - 1e-15));
