import type { Plan } from './experiment.ts';
import { looksOf, sequentialP, sequentialT } from './maths/groupSequential.ts';
import { normalProbability } from './maths/normalDistribution.ts';
import type { Interval } from './maths/statistics.ts';

/** The rule of a duel that stops by itself. */
export interface StoppingRule {
  /** The largest number of pairs. */
  readonly atMost: number;
  /** Differences below this are equal for the purpose, in percentage points. */
  readonly equalWithin: number;
}

/** The rule of a plan whose comparison stops by itself; null where all its seeds are trained. */
export const stoppingRuleOf = ({ stopping, seeds }: Pick<Plan, 'stopping' | 'seeds'>): StoppingRule | null =>
  stopping ? { atMost: seeds.length, equalWithin: stopping.equalWithin } : null;

/** What a look at the pairs so far needs. */
export interface Looked {
  readonly pairs: number;
  readonly mean: number;
  /** Standard deviation of the differences, above 0. */
  readonly spread: number;
}

export interface SequentialJudgement {
  /**
   * 95 %, valid at whichever look the duel stops; null before the first look. Where the arms are equal, the interval
   * that lies within the region, at the level of that test.
   */
  readonly interval: Interval | null;
  /** The smallest significance at which the duel would have stopped here. */
  readonly p: number;
  /** Whether the difference is within the region of practical equivalence, at 5 % over all comparisons. */
  readonly isEqual: boolean;
}

/** The equivalence test is one-sided on each side of the region, so that its two-sided level is twice as large. */
const equalityLevel = (significance: number): number => 2 * significance;

/**
 * Judges a group-sequential t test after some of at most `atMost` pairs. `region` is that of practical equivalence in
 * the unit of the mean, null for none; `comparisons` share the significance evenly (Bonferroni).
 */
export function judgeSequentially(
  { pairs, mean, spread }: Looked,
  {
    atMost,
    region,
    comparisons,
    significance,
  }: {
    readonly atMost: number;
    readonly region: number | null;
    readonly comparisons: number;
    readonly significance: number;
  },
): SequentialJudgement {
  if (!looksOf(atMost).includes(pairs)) return { interval: null, p: 1, isEqual: false };
  const error = spread / Math.sqrt(pairs);
  const equalReach = sequentialT(pairs, atMost, equalityLevel(significance / comparisons)) * error;
  const isEqual = region !== null && Math.abs(mean) + equalReach < region;
  const reach = isEqual ? equalReach : sequentialT(pairs, atMost, significance) * error;
  return {
    interval: { low: mean - reach, high: mean + reach },
    p: Math.min(1, sequentialP(mean / error, pairs, atMost)),
    isEqual,
  };
}

/** Below this chance of a verdict at the last look, more seeds would be trained in vain. */
const hopeless = 0.1;

/**
 * Whether the pairs so far leave a duel little chance of any verdict by its last look, if the mean and the spread stay
 * what they are (conditional power; Lan, Simon and Halperin 1982). Stopping for it makes no claim and spends no alpha.
 */
export function isHopeless(
  { pairs, mean, spread }: Looked,
  { atMost, region, comparisons, significance }: Parameters<typeof judgeSequentially>[1],
): boolean {
  if (!looksOf(atMost).includes(pairs) || pairs >= atMost) return false;
  const deviation = spread * Math.sqrt(1 / pairs - 1 / atMost); // of the last mean about today's
  const error = spread / Math.sqrt(atMost);
  const reach = sequentialT(atMost, atMost, significance / comparisons) * error;
  const within =
    region === null ? 0 : region - sequentialT(atMost, atMost, equalityLevel(significance / comparisons)) * error;
  const below = (limit: number) => normalProbability((limit - mean) / deviation);
  const apart = 1 - below(reach) + below(-reach);
  const equal = within > 0 ? below(within) - below(-within) : 0;
  return apart + equal < hopeless;
}
