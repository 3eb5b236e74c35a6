import type { HalvingPlan } from '../../../src-shared/arms.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { halvingRounds, type HalvingStop } from '../../../src-shared/halving.ts';
import { valCurveOf, valMeasureOf } from '../../../src-shared/valCurve.ts';
import { mean } from '../../../src-shared/maths/statistics.ts';
import type { Store } from '../../store/store.ts';
import { haltOf } from './haltOf.ts';
import type { PlannedRun } from './plannedRuns.ts';
import type { StageProgress } from './stage.ts';

interface RoundOptions {
  readonly store: Store;
  readonly plan: Plan;
  readonly halving: HalvingPlan;
  readonly progress: StageProgress;
}
type TrainOne = (run: PlannedRun, untilEpoch: number | null) => Promise<void>;

/**
 * Trains a sweep by successive halving: first the arms that are not swept, to their end; then the variants of each arm
 * in rounds, from checkpoint to checkpoint. Variants that do not go on are stopped, and the store keeps in which round
 * and why. Every decision follows from stored curves, so that whoever goes on with a sweep decides the same.
 */
export async function trainInRounds(
  options: RoundOptions,
  planned: readonly PlannedRun[],
  trainOne: TrainOne,
): Promise<void> {
  const byOrigin = Map.groupBy(options.plan.arms, (arm) => arm.variantOf);
  const unswept = new Set(byOrigin.get(undefined)?.map(({ name }) => name));
  for (const run of planned) if (unswept.has(run.arm)) await trainOne(run, null);
  for (const [origin, arms] of byOrigin) {
    if (origin === undefined) continue;
    const names = new Set(arms.map(({ name }) => name));
    const runs = planned.filter((run) => names.has(run.arm));
    await trainVariants(options, { origin, names: [...names], runs }, trainOne);
  }
}

/** Trains the variants of one arm: after each round, the best go on and the others are stopped. */
async function trainVariants(
  { store, plan, halving, progress }: RoundOptions,
  {
    origin,
    names,
    runs,
  }: { readonly origin: string; readonly names: readonly string[]; readonly runs: readonly PlannedRun[] },
  trainOne: TrainOne,
): Promise<void> {
  const { epochs } = plan.training;
  const rounds = halvingRounds(halving, { candidates: names.length, epochs });
  let left = names;
  for (const [index, { round, epochs: until }] of rounds.entries()) {
    const candidates = `${left.length} ${left.length === 1 ? 'candidate' : 'candidates'}`;
    progress.notice(`${origin}, round ${round} of ${rounds.length}: ${candidates} to epoch ${until}.`);
    for (const run of runs) if (left.includes(run.arm)) await trainOne(run, until === epochs ? null : until);
    const next = rounds[index + 1];
    if (!next) return;
    const ranked = rankedBy((arm) => scoreOf({ store, plan }, runsOf(runs, arm), until), left);
    for (const [place, { arm, accuracy }] of ranked.entries()) {
      if (place < next.candidates) continue;
      const stop: HalvingStop = {
        round,
        rounds: rounds.length,
        epochs: until,
        place: place + 1,
        candidates: ranked.length,
        accuracy,
      };
      for (const run of runsOf(runs, arm)) stopRun({ store, plan }, run.id, stop);
    }
    const best = new Set(ranked.slice(0, next.candidates).map(({ arm }) => arm));
    left = left.filter((arm) => best.has(arm));
  }
}

const runsOf = (runs: readonly PlannedRun[], arm: string) => runs.filter((run) => run.arm === arm);

/** Arms by falling accuracy; ties keep their order, and arms without accuracy come last. */
function rankedBy(accuracyOfArm: (arm: string) => number | null, arms: readonly string[]) {
  return arms
    .map((arm) => ({ arm, accuracy: accuracyOfArm(arm) }))
    .sort((a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1));
}

/** Mean over the runs of a candidate of their best val measure in the first epochs; null where one diverged. */
function scoreOf(
  { store, plan }: Pick<RoundOptions, 'store' | 'plan'>,
  runs: readonly PlannedRun[],
  epochs: number,
): number | null {
  if (runs.some(({ id }) => store.run(id)?.status === 'failed')) return null;
  const bestOf = ({ id }: PlannedRun): number => {
    let best = 0;
    for (const [, epoch, value] of store.curve(id, valCurveOf(plan)))
      if (epoch <= epochs) best = Math.max(best, value ?? 0);
    return best;
  };
  return mean(runs.map(bestOf));
}

function stopRun({ store, plan }: Pick<RoundOptions, 'store' | 'plan'>, id: string, stop: HalvingStop): void {
  if (haltOf(store, id) !== null || store.run(id)?.status === 'failed') return;
  const { round, rounds, epochs, place, candidates, accuracy } = stop;
  const reason =
    accuracy === null
      ? ', since another seed of it diverged'
      : ` by ${valMeasureOf(plan)}, ${(100 * accuracy).toFixed(1)} %`;
  store.atomically(() => {
    store.saveResult(id, 'halving', stop);
    store.updateRun(id, {
      status: 'cancelled',
      finishedAt: new Date().toISOString(),
      message:
        `Stopped by successive halving in round ${round} of ${rounds}, after epoch ${epochs}: ` +
        `place ${place} of ${candidates}${reason}.`,
    });
  });
}
