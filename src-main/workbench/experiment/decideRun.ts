import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isTrained } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { runFiles, workspaceFolders } from '../../files/workspaceFolders.ts';
import { endFormerTrainer } from '../../trainer/formerTrainer.ts';
import { dropCheckpoints } from './dropCheckpoints.ts';
import { epochsDone } from './epochsDone.ts';
import { haltOf, isWaiting } from './haltOf.ts';
import type { PlannedRun } from './plannedRuns.ts';
import { restorePoints } from './restorePoints.ts';
import type { StageOptions } from './stage.ts';
import type { TrainOptions } from './trainingStage.ts';

/** What becomes of a run: nothing, on from its last checkpoint, or from the start. */
export type RunDecision = 'skip' | 'resume' | 'restart';

/** Decides what becomes of a run in a round that ends after `untilEpoch`, or at the run's own end where it is null. */
export async function decideRun(
  options: StageOptions,
  train: TrainOptions,
  { run, untilEpoch }: { readonly run: PlannedRun; readonly untilEpoch: number | null },
): Promise<RunDecision> {
  const { store, plan, progress } = options;
  const { id } = run;
  if (!isTrained(run.armPlan) && !isJudged(train, run)) return 'skip'; // there is nothing to train
  const known = store.run(id);
  const title = `${run.arm}, seed ${run.seed}`;
  if (hasDiverged(options, train, id)) {
    progress.notice(`${title}: diverged already (run ${id}).`);
    return 'skip';
  }
  if (haltOf(store, id) !== null) return 'skip';
  if (known === null) {
    await endFormerTrainer(workspaceFolders(store.workspace).run(id));
    return 'restart';
  }
  const waits = isWaiting(plan, known);
  if (waits && untilEpoch !== null && epochsDone(store, id) >= untilEpoch) return 'skip';
  if (known.status === 'done' || (known.status === 'trained' && !isJudged(train, run))) {
    progress.notice(`${title}: ${known.status} already (run ${id}).`);
    await dropCheckpoints(store, run); // whoever ended it may have died before
    return 'skip';
  }
  const folder = workspaceFolders(store.workspace).run(id);
  await endFormerTrainer(folder); // it may still write what is read next
  if (known.status !== 'trained' && !waits && train.interrupted !== 'resume') return 'restart';
  if (restorePoints(store, { id, folder })) return 'resume';
  progress.notice(
    `${title}: the database has lost points of run ${id} from before its checkpoint, and ` +
      `${runFiles(folder).points} does not hold them: it is trained again from the start.`,
  );
  return 'restart';
}

/** Whether a run is judged on test, query and distractors: those of tuning never are. */
export const isJudged = ({ evaluate }: TrainOptions, { role }: Pick<PlannedRun, 'role'>): boolean =>
  evaluate && role === 'comparison';

/** Whether runs of a plan may diverge: a sweep and tuning try bold values, and the others go on. */
export const mayDiverge = ({ sweep, tune }: StageOptions['plan']): boolean => sweep !== undefined || tune !== undefined;

/** Whether a run has diverged where that is a result. */
function hasDiverged({ store, plan }: StageOptions, { interrupted }: TrainOptions, id: string): boolean {
  return (
    mayDiverge(plan) &&
    interrupted !== 'restart' &&
    store.run(id)?.status === 'failed' &&
    store.result(id, 'failure') === 'diverged'
  );
}

/** Throws 'wrong-input' where a run ended half-way and nobody said what becomes of it. */
export function refuseInterrupted(options: StageOptions, train: TrainOptions, { id }: PlannedRun): void {
  const { store, plan, rerunCommand } = options;
  const known = store.run(id);
  if (!known || hasDiverged(options, train, id) || haltOf(store, id) !== null) return;
  if (known.status === 'trained' || known.status === 'done' || isWaiting(plan, known)) return;
  const { checkpoints } = workspaceFolders(store.workspace).filesOfRun(id);
  if (!existsSync(join(checkpoints, 'last'))) return;
  throw new ArcBenchError(
    'wrong-input',
    `${known.arm}, seed ${known.seed} (run ${known.id}) was interrupted (${known.status}): \`${rerunCommand} ` +
      '--resume` continues it, and --restart starts it from the beginning.',
  );
}
