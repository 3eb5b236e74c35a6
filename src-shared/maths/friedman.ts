import { ArcBenchError } from '../errors.ts';
import { chiSquaredProbability } from './chiSquaredDistribution.ts';
import { mean } from './statistics.ts';
import { nemenyiQuantile } from './studentizedRange.ts';

export interface RankComparison {
  /** The mean rank of each treatment over the blocks; 1 is the best. */
  readonly meanRanks: readonly number[];
  readonly blocks: number;
  /** Friedman's χ² with the correction for ties, and its p. */
  readonly chiSquared: number;
  readonly p: number;
  /** Mean ranks that differ by less than this are not told apart at 5 % (Nemenyi). */
  readonly criticalDifference: number;
}

/** The ranks of values, the highest first; ties share the mean of their ranks. */
export function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    const above = values.filter((other) => other > value).length;
    const equal = values.filter((other) => other === value).length;
    return above + (equal + 1) / 2;
  });
}

/**
 * Friedman's test over blocks of values, one for each treatment and higher ones better, and Nemenyi's critical
 * difference (Demšar 2006, JMLR 7, section 3.2.2). Throws 'failed' for fewer than two blocks or treatments.
 */
export function compareRanks(blocks: readonly (readonly number[])[]): RankComparison {
  const count = blocks.length;
  const treatments = blocks[0]?.length ?? 0;
  if (count < 2 || treatments < 2 || blocks.some((block) => block.length !== treatments))
    throw new ArcBenchError(
      'failed',
      `Ranks need at least two blocks with one value for each of at least two arms, and got ${count} blocks of ` +
        `${treatments}.`,
    );
  const ranks = blocks.map(ranksOf);
  const meanRanks = Array.from({ length: treatments }, (_, at) => mean(ranks.map((block) => block[at] as number)));
  const centre = (treatments + 1) / 2;
  // The variance of the ranks themselves takes ties into account.
  const variance = ranks.flat().reduce((sum, rank) => sum + (rank - centre) ** 2, 0) / (count * (treatments - 1));
  const between = count * meanRanks.reduce((sum, rank) => sum + (rank - centre) ** 2, 0);
  const chiSquared = variance === 0 ? 0 : between / variance;
  return {
    meanRanks,
    blocks: count,
    chiSquared,
    p: 1 - chiSquaredProbability(chiSquared, treatments - 1),
    criticalDifference: nemenyiQuantile(treatments, 0.05) * Math.sqrt((treatments * (treatments + 1)) / (6 * count)),
  };
}

/** The longest runs of neighbouring ranks that the critical difference does not tell apart, as first and last place. */
export function rankGroups(
  sortedRanks: readonly number[],
  criticalDifference: number,
): { readonly first: number; readonly last: number }[] {
  const groups: { first: number; last: number }[] = [];
  sortedRanks.forEach((rank, first) => {
    const last = sortedRanks.filter((other) => other - rank < criticalDifference).length - 1; // they are sorted
    if (last > first && last > (groups.at(-1)?.last ?? -1)) groups.push({ first, last });
  });
  return groups;
}
