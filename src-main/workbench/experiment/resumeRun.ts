import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import type { RunRow, Store } from '../../store/store.ts';
import { noSuchRun } from './noSuchRun.ts';
import { originOf, type Origin } from './originOf.ts';
import { gatherSplit } from './runExperiment.ts';
import type { StageOptions } from './stage.ts';
import { storedPlan } from './storedPlan.ts';
import { trainArms } from './trainArms.ts';
import type { TrainOptions } from './trainingStage.ts';

export interface ResumableRun {
  readonly row: RunRow;
  readonly plan: Plan;
  readonly origin: Origin;
}

/** What is needed to go on with a run. Throws 'wrong-input' where it is done or unknown, 'damaged' without its plan. */
export function resumableRun(store: Store, id: string): ResumableRun {
  const row = store.run(id);
  if (!row) throw noSuchRun(id);
  const stored = store.plan(row.planHash);
  const origin = originOf(store, id);
  if (row.status === 'done')
    throw new ArcBenchError('wrong-input', `The run ${id} is done: there is nothing to resume.`);
  if (!stored || !origin)
    throw new ArcBenchError(
      'damaged',
      `The plan of run ${id} is not in the store: start the experiment again from its file.`,
    );
  const plan = storedPlan(stored);
  if (plan.sweep?.halving)
    throw new ArcBenchError(
      'wrong-input',
      `The run ${id} belongs to a sweep with successive halving, whose runs go on together: go on with its ` +
        `experiment, \`${origin.rerunCommand} --resume\`.`,
    );
  return { row, plan, origin };
}

/** Goes on with a run from its last checkpoint to its evaluation. */
export async function resumeRun(
  { row }: ResumableRun,
  options: StageOptions,
  train: Pick<TrainOptions, 'compiled' | 'engine'>,
): Promise<void> {
  await trainArms(options, await gatherSplit(options), {
    ...train,
    interrupted: 'resume',
    evaluate: true,
    only: ({ arm, seed }) => arm === row.arm && seed === row.seed,
  });
}
