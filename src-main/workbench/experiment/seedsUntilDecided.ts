import { countsForEverySeed, hasGivenArm } from '../../../src-shared/arms.ts';
import { compareArms, mayStop, type Comparison } from '../../../src-shared/comparison.ts';
import type { Evaluation } from '../../../src-shared/evaluation.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { looksOf } from '../../../src-shared/maths/groupSequential.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { stoppingRuleOf, type StoppingRule } from '../../../src-shared/sequentialDuel.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import { reportMetrics } from '../../report/reportMetrics.ts';
import type { Store } from '../../store/store.ts';

interface SeedRuns {
  readonly seed: number;
  readonly runs: readonly { readonly id: string; readonly arm: string; readonly seed: number }[];
}

/**
 * The seeds that count: all of a plan with a fixed number, else those up to the first look at which the comparison may
 * stop. It follows from the store, so that whoever goes on decides the same.
 */
export function seedsUntilDecided<T extends SeedRuns>(store: Store, plan: Plan, seeds: readonly T[]): readonly T[] {
  const rule = stoppingRuleOf(plan);
  if (rule === null) return seeds;
  for (const look of looksOf(seeds.length)) {
    const looked = seeds.slice(0, look);
    const comparison = comparisonOf(store, plan, { rule, seeds: looked });
    if (comparison === null) return seeds; // not judged so far yet
    if (mayStop(comparison)) return looked;
  }
  return seeds;
}

/** The comparison of some seeds by their judged runs; null where one is not judged. */
function comparisonOf(
  store: Store,
  plan: Plan,
  { rule, seeds }: { readonly rule: StoppingRule; readonly seeds: readonly SeedRuns[] },
): Comparison | null {
  const judged = seeds
    .flatMap(({ runs }) => runs)
    .map((run) => ({
      ...run,
      evaluation: (store.result(run.id, 'summary') as TrainedSummary | null)?.evaluation ?? null,
    }));
  const whole = judged.filter((run): run is typeof run & { evaluation: Evaluation } => run.evaluation !== null);
  if (whole.length < judged.length) return null;
  const metrics = reportMetrics(
    whole.map(({ evaluation }) => evaluation),
    reportTexts('en'),
    { hasGiven: hasGivenArm(plan) },
  ).filter(({ primary }) => primary);
  return compareArms(
    metrics,
    plan.arms.map((arm) => ({
      name: arm.name,
      isFixed: countsForEverySeed(plan, arm),
      runs: whole
        .filter((run) => run.arm === arm.name)
        .map(({ id, seed, evaluation }) => ({
          id,
          seed,
          values: Object.fromEntries(metrics.map((metric) => [metric.key, metric.read(evaluation)])),
        })),
    })),
    rule,
  );
}
