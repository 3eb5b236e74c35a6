import { createHash } from 'node:crypto';
import { isTrained, seedsOfArm } from '../../../src-shared/arms.ts';
import { planOfArm, type ArmPlan, type Plan } from '../../../src-shared/experiment.ts';
import { tunedArm, tuningSeeds, tuningTrials } from '../../../src-shared/tune.ts';
import type { Split } from '../../split/makeSplit.ts';
import type { Store } from '../../store/store.ts';
import { planHash } from './planHash.ts';
import { splitOfSeed, type PlannedRun, type SplitsOfSeeds } from './plannedRun.ts';
import { seedsUntilDecided } from './seedsUntilDecided.ts';
import { tuningOutcomes } from './tuningOutcomes.ts';

export type { PlannedRun, SplitsOfSeeds } from './plannedRun.ts';
export { splitOfSeed } from './plannedRun.ts';

/** Id of the run of one arm with one seed on one split: the same plan gives the same run. */
export function runId({
  hash,
  split,
  arm,
  seed,
  chosen,
}: {
  /** Of the plan. */
  readonly hash: string;
  readonly split: Split;
  readonly arm: string;
  readonly seed: number;
  /** What tuning chose for the arm: another choice is another run. */
  readonly chosen?: ArmPlan['settings'];
}): string {
  return createHash('sha256')
    .update(JSON.stringify([hash, split.hash, arm, seed, ...(chosen ? [chosen] : [])]))
    .digest('hex')
    .slice(0, 12);
}

/** The plan that a run trains by; where arms are tuned, with the arm as it is trained. */
export function planOfRun(plan: Plan, { armPlan }: Pick<PlannedRun, 'armPlan'>): Plan {
  const own = planOfArm(plan, armPlan);
  return plan.tune ? { ...own, arms: [armPlan] } : own;
}

/** Every run of tuning: each combination of each arm with each seed of tuning. */
export function tuningRuns(plan: Plan, splits: SplitsOfSeeds): PlannedRun[] {
  const trials = tuningTrials(plan);
  const hash = trials.length === 0 ? '' : planHash(plan);
  return tuningSeeds(plan).flatMap((seed) =>
    trials.map((armPlan): PlannedRun => {
      const split = splitOfSeed(splits, seed);
      return {
        id: runId({ hash, split, arm: armPlan.name, seed }),
        arm: armPlan.name,
        seed,
        role: 'tuning',
        armPlan,
        split,
      };
    }),
  );
}

/**
 * The runs of the comparison, in the order in which they run: none while tuning has not chosen yet, and those of the
 * seeds that count in a duel that stopped by itself. A seed that an old plan names twice counts once.
 */
export function comparisonRuns(store: Store, plan: Plan, splits: SplitsOfSeeds): PlannedRun[] {
  const arms = armsOfComparison(store, plan, splits);
  if (arms === null) return [];
  const hash = planHash(plan); // once: it reads the whole plan
  const seeds = [...new Set(plan.seeds)];
  // What is only judged comes first, so that a fault of its file shows before the hours of training.
  const order = [...arms.filter((arm) => !isTrained(arm)), ...arms.filter(isTrained)].map((armPlan) => ({
    armPlan,
    itsSeeds: new Set(seedsOfArm(plan, armPlan)),
  }));
  const runsOf = (seed: number) =>
    order
      .filter(({ itsSeeds }) => itsSeeds.has(seed))
      .map(({ armPlan }): PlannedRun => {
        const split = splitOfSeed(splits, seed);
        const chosen = plan.tune && isTrained(armPlan) ? armPlan.settings : undefined;
        const id = runId({ hash, split, arm: armPlan.name, seed, ...(chosen ? { chosen } : {}) });
        return { id, arm: armPlan.name, seed, role: 'comparison', armPlan, split };
      });
  return seedsUntilDecided(
    store,
    plan,
    seeds.map((seed) => ({ seed, runs: runsOf(seed) })),
  ).flatMap(({ runs }) => runs);
}

/** Every run that a plan asks for as far as it is known: of tuning, then of the comparison. */
export const plannedRuns = (store: Store, plan: Plan, splits: SplitsOfSeeds): PlannedRun[] => [
  ...tuningRuns(plan, splits),
  ...comparisonRuns(store, plan, splits),
];

/** The arms with what tuning chose for each; null while it has not. */
function armsOfComparison(store: Store, plan: Plan, splits: SplitsOfSeeds): readonly ArmPlan[] | null {
  if (!plan.tune) return plan.arms;
  const outcomes = tuningOutcomes(store, plan, tuningRuns(plan, splits));
  const arms = plan.arms.flatMap((arm) => {
    if (!isTrained(arm)) return [arm];
    const chosen = outcomes.find(({ origin }) => origin === arm.name)?.chosen;
    return chosen ? [tunedArm(arm, chosen)] : [];
  });
  return arms.length === plan.arms.length ? arms : null;
}
