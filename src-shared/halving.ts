import type { HalvingPlan } from './arms.ts';

export interface HalvingRound {
  /** From 1. */ readonly round: number;
  readonly candidates: number;
  /** That each candidate has trained when the round ends. */ readonly epochs: number;
}

/**
 * The rounds of successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943; one bracket of Hyperband, arXiv
 * 1603.06560): candidates train `firstEpochs`, the best 1/factor of them, at least one, go on to `factor` times as
 * many, until the last round ends with all epochs.
 */
export function halvingRounds(
  { factor, firstEpochs }: HalvingPlan,
  { candidates, epochs }: { readonly candidates: number; readonly epochs: number },
): HalvingRound[] {
  const rounds: HalvingRound[] = [];
  let left = candidates;
  let until = firstEpochs;
  for (let round = 1; ; round++) {
    const last = until >= epochs || left === 1; // one that is left alone has nothing to be held against before the end
    rounds.push({ round, candidates: left, epochs: last ? epochs : until });
    if (last) return rounds;
    [left, until] = [Math.max(1, Math.floor(left / factor)), until * factor];
  }
}

/**
 * How a candidate stood when it was stopped: its place among the candidates of its arm, by the mean over seeds of the
 * best so far of the val measure that the plan selects by; null where a run diverged.
 */
export interface HalvingStop {
  readonly round: number;
  readonly rounds: number;
  readonly epochs: number;
  readonly place: number;
  readonly candidates: number;
  readonly accuracy: number | null;
}
