import type { ArmPlan, Plan } from '../../../src-shared/experiment.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { mean } from '../../../src-shared/maths/statistics.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import type { TuningOutcome, TuningTrial } from '../../../src-shared/tuningOutcome.ts';
import { valCurveOf, type ValCurve } from '../../../src-shared/valCurve.ts';
import type { Store } from '../../store/store.ts';
import { isBetterEpoch } from '../../train/betterEpoch.ts';
import type { PlannedRun } from './plannedRun.ts';

/**
 * What tuning found: for each arm the val measure of every combination, and the one that val chose. An arm has no
 * choice while a run is missing, and where every combination diverged.
 */
export function tuningOutcomes(
  store: Store,
  plan: Pick<Plan, 'evaluation'>,
  runs: readonly PlannedRun[],
): TuningOutcome[] {
  const curve = valCurveOf(plan);
  return [...groupBy(runs, ({ armPlan }) => armPlan.variantOf ?? armPlan.name)].map(([origin, own]) => {
    const trials = [...groupBy(own, ({ arm }) => arm).values()].map((trial) => trialOf(store, curve, trial));
    const isComplete = trials.every(({ open }) => open === 0);
    return { origin, trials, chosen: isComplete ? (bestOf(trials)?.arm ?? null) : null };
  });
}

function trialOf(store: Store, curve: ValCurve, runs: readonly PlannedRun[]): TuningTrial {
  const arm = runs[0]?.armPlan as ArmPlan;
  const diverged = runs.filter(({ id }) => store.result(id, 'failure') === 'diverged');
  const judged = runs.flatMap(({ id }) => valOf(store, curve, id) ?? []);
  const isWhole = judged.length === runs.length;
  return {
    arm,
    seeds: runs.map(({ seed }) => seed),
    divergedSeeds: diverged.map(({ seed }) => seed),
    open: runs.length - diverged.length - judged.length,
    score: isWhole ? mean(judged.map(({ score }) => score)) : null,
    loss: isWhole ? mean(judged.map(({ loss }) => loss)) : null,
  };
}

/** What val says of the best epoch of a trained run. */
function valOf(store: Store, curve: ValCurve, id: string): { readonly score: number; readonly loss: number } | null {
  const summary = store.result(id, 'summary') as TrainedSummary | null;
  if (!summary) return null;
  const at = (name: string) => store.curve(id, name).find(([, epoch]) => epoch === summary.bestEpoch)?.[2];
  const score = at(curve);
  return typeof score === 'number' ? { score, loss: at('val/loss') ?? Infinity } : null;
}

/** The combination with the best mean val measure; ties go to the lower val loss, then to the first. */
function bestOf(trials: readonly TuningTrial[]): TuningTrial | null {
  let best: (TuningTrial & { score: number }) | null = null;
  for (const trial of trials) {
    const { score } = trial;
    if (score !== null && (best === null || isBetterEpoch({ ...trial, score }, best))) best = { ...trial, score };
  }
  return best;
}
