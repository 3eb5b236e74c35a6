import type { HalvingPlan } from '../../../src-shared/arms.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { halvingRounds, type HalvingStop } from '../../../src-shared/halving.ts';
import { mean } from '../../../src-shared/maths/statistics.ts';
import { epochCurve } from '../../store/metricPoint.ts';
import type { RunRow, Store } from '../../store/store.ts';
import type { PlannedRun } from './plannedRuns.ts';
import type { StageProgress } from './stage.ts';

/** How successive halving stopped a run; null where it did not. */
export const haltOf = (store: Store, id: string): HalvingStop | null =>
  store.result(id, 'halving') as HalvingStop | null;
/** Whether a run of a halved sweep is saved and waits for its next round. */
export const isWaiting = (plan: Plan, run: Pick<RunRow, 'status'>): boolean =>
  plan.sweep?.halving !== undefined && run.status === 'queued';
export const epochsDone = (store: Store, id: string): number => store.curve(id, epochCurve).at(-1)?.[1] ?? 0;

const accuracyCurve = 'val/accuracy';

interface RoundOptions {
  readonly store: Store;
  readonly plan: Plan;
  readonly halving: HalvingPlan;
  readonly progress: StageProgress;
}

/**
 * Trains a sweep by successive halving: arms that are not swept to their end, then the variants of each arm in rounds,
 * from checkpoint to checkpoint; those that do not go on are
 * stopped, and the store keeps in which round and why. What is decided follows from stored curves alone, so that
 * whoever goes on decides the same.
 */
export async function trainInRounds(
  { store, plan, halving, progress }: RoundOptions,
  planned: readonly PlannedRun[],
  trainOne: (run: PlannedRun, untilEpoch: number | null) => Promise<void>,
): Promise<void> {
  const { epochs } = plan.training;
  const swept = Map.groupBy(plan.arms, (arm) => arm.variantOf);
  for (const run of planned) if (swept.get(undefined)?.some(({ name }) => name === run.arm)) await trainOne(run, null);
  swept.delete(undefined);
  for (const [origin, arms] of swept) {
    let left = arms.map(({ name }) => name);
    const rounds = halvingRounds(halving, { candidates: left.length, epochs });
    for (const [place, { round, epochs: until }] of rounds.entries()) {
      progress.notice(
        `${origin}, round ${round} of ${rounds.length}: ${left.length} ` +
          `${left.length === 1 ? 'candidate' : 'candidates'} to epoch ${until}.`,
      );
      for (const run of planned) if (left.includes(run.arm)) await trainOne(run, until === epochs ? null : until);
      const next = rounds[place + 1];
      if (!next) break;
      const ranked = left
        .map((arm) => ({
          arm,
          accuracy: accuracyOf(
            store,
            planned.filter((run) => run.arm === arm),
            until,
          ),
        }))
        .sort((a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1));
      ranked.slice(next.candidates).forEach(({ arm, accuracy }, behind) => {
        const stop: HalvingStop = {
          round,
          rounds: rounds.length,
          epochs: until,
          place: next.candidates + behind + 1,
          candidates: ranked.length,
          accuracy,
        };
        for (const run of planned) if (run.arm === arm) stopRun(store, run.id, stop);
      });
      left = left.filter((arm) => ranked.slice(0, next.candidates).some((kept) => kept.arm === arm));
    }
  }
}

/** Mean over the runs of a candidate of their best val accuracy within so many epochs; null where one diverged. */
function accuracyOf(store: Store, runs: readonly PlannedRun[], epochs: number): number | null {
  if (runs.some(({ id }) => store.run(id)?.status === 'failed')) return null;
  return mean(
    runs.map(({ id }) =>
      Math.max(
        0,
        ...store
          .curve(id, accuracyCurve)
          .filter(([, epoch]) => epoch <= epochs)
          .map(([, , value]) => value ?? 0),
      ),
    ),
  );
}

function stopRun(store: Store, id: string, stop: HalvingStop): void {
  if (haltOf(store, id) !== null || store.run(id)?.status === 'failed') return;
  const { round, rounds, epochs, place, candidates, accuracy } = stop;
  store.atomically(() => {
    store.saveResult(id, 'halving', stop);
    store.updateRun(id, {
      status: 'cancelled',
      finishedAt: new Date().toISOString(),
      message:
        `Stopped by successive halving in round ${round} of ${rounds}, after epoch ${epochs}: place ${place} ` +
        'of ' +
        `${candidates}${accuracy === null ? ', since another seed of it diverged' : ` by val accuracy, ${(100 * accuracy).toFixed(1)} %`}.`,
    });
  });
}
