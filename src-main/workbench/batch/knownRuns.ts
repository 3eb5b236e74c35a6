import type { Plan } from '../../../src-shared/experiment.ts';
import { looksOf } from '../../../src-shared/maths/groupSequential.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import type { Store } from '../../store/store.ts';
import { plannedRuns, type PlannedRun, type SplitsOfSeeds } from '../experiment/plannedRuns.ts';

/** Whether the runs of a plan follow from one another, so that it is submitted in rounds. */
export const isInRounds = ({ tune, stopping }: Plan): boolean => tune !== undefined || stopping !== undefined;

/**
 * The runs that can be trained now, those before them included: of a plan that tunes, the comparison's come once
 * tuning has chosen; of one that stops by itself, those up to the next look at the pairs. In an order that only grows.
 */
export function knownRuns(store: Store, plan: Plan, splits: SplitsOfSeeds): PlannedRun[] {
  const all = plannedRuns(store, plan, splits);
  if (!plan.stopping) return all;
  const isJudged = ({ id }: PlannedRun) =>
    ((store.result(id, 'summary') as TrainedSummary | null)?.evaluation ?? null) !== null;
  const look = looksOf(plan.seeds.length).find((pairs) => {
    const seeds = plan.seeds.slice(0, pairs);
    return !all.every((run) => run.role === 'tuning' || !seeds.includes(run.seed) || isJudged(run));
  });
  const seeds = plan.seeds.slice(0, look ?? plan.seeds.length);
  return all.filter(({ role, seed }) => role === 'tuning' || seeds.includes(seed));
}
