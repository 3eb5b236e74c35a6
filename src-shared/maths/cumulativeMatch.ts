import { wilsonInterval, type Interval } from './statistics.ts';

export interface RankRate {
  readonly rank: number;
  readonly value: number;
  readonly interval: Interval;
}

/**
 * Cumulative match characteristic: the share of probes whose own person ranks within each of the ranks, with Wilson's
 * interval. Ranks count from 1.
 */
export function cumulativeMatch(ranksOfProbes: ArrayLike<number>, ranks: readonly number[]): RankRate[] {
  const probes = Array.from(ranksOfProbes);
  return ranks.map((rank) => {
    const within = probes.filter((own) => own <= rank).length;
    return { rank, value: within / probes.length, interval: wilsonInterval(within, probes.length) };
  });
}
