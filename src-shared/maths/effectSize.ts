import { gammaln } from 'simple-statistics';
import { mean, standardDeviation } from './statistics.ts';

/**
 * Cohen's d_z of paired differences, mean over standard deviation, times Hedges' exact correction for few pairs, J =
 * Γ(k/2) / (√(k/2) Γ((k−1)/2)) with k = n − 1 (Hedges 1981, equation 6e); null for fewer than three pairs or no spread.
 */
export function effectSize(differences: readonly number[]): number | null {
  const degrees = differences.length - 1;
  const spread = standardDeviation(differences);
  if (degrees < 2 || !(spread > 0)) return null;
  return (
    ((mean(differences) / spread) * Math.exp(gammaln(degrees / 2) - gammaln((degrees - 1) / 2))) /
    Math.sqrt(degrees / 2)
  );
}
