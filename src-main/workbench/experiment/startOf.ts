import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ancestrySchema, type Ancestry } from '../../../src-shared/ancestry.ts';
import { trainedArms } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { ExtendsPlan } from '../../../src-shared/extendsSchema.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { RunRow } from '../../store/runs.ts';
import { finishedParent, parentRun, type ParentBase, type ParentRun } from './parentRun.ts';
import { planHash } from './planHash.ts';
import type { PlannedRun } from './plannedRun.ts';
import { parentBase, type StageOptions } from './stage.ts';

/** What a run starts from. */
export interface RunStart {
  readonly parent: ParentRun;
  readonly kind: Ancestry['kind'];
  /** Of an extended run: whether the optimiser goes on too. */
  readonly optimizer: Ancestry['optimizer'];
  /** The checkpoint that an extended run goes on from; null where it starts from weights. */
  readonly checkpoint: string | null;
  /** The hash of the weights that the training began with; null where the run's own are meant. */
  readonly initialWeightsHash: string | null;
}

type StartedRun = Pick<PlannedRun, 'arm' | 'seed' | 'split'>;

/** What a run of a plan starts from; null where its weights are drawn or of ImageNet. Throws 'wrong-input'. */
export function startOf(options: StageOptions, own: Plan, run: StartedRun): RunStart | null {
  const { plan } = options;
  const base = parentBase(options);
  if (plan.extends) return extensionOf(options, plan.extends, run);
  const parent = parentRun(base, own.model.from);
  return parent && { parent, kind: 'from', optimizer: undefined, checkpoint: null, initialWeightsHash: null };
}

const isFinished = ({ status }: RunRow): boolean => status === 'done' || status === 'trained';
const checkpointOf = ({ store }: Pick<ParentBase, 'store'>, { id }: Pick<RunRow, 'id'>): string =>
  join(workspaceFolders(store.workspace).filesOfRun(id).checkpoints, 'last');

/** The finished run of the extended plan with the same arm, seed and split. */
function extensionOf(options: StageOptions, extended: ExtendsPlan, { arm, seed, split }: StartedRun): RunStart {
  const base = parentBase(options);
  const row = base.store
    .runs(extended.plan)
    .find((run) => run.arm === arm && run.seed === seed && run.splitHash === split.hash && isFinished(run));
  if (!row)
    throw new ArcBenchError(
      'wrong-input',
      `${arm}, seed ${seed}, has no finished run on these faces that could go on: all arms go on together, so finish ` +
        'the experiment first, without --extend.',
    );
  const parent = finishedParent(base.store, row);
  const optimizer = optimizerOf(options, extended);
  const checkpoint = checkpointOf(base, row);
  if (optimizer === 'continued' && !existsSync(checkpoint))
    throw new ArcBenchError(
      'wrong-input',
      `The runs of ${options.plan.name} go on with the optimiser, but the last checkpoint of ${parent.title} is ` +
        'gone: delete those that have begun, and all start from the weights.',
    );
  return {
    parent,
    kind: 'extended',
    optimizer,
    checkpoint: optimizer === 'continued' ? checkpoint : null,
    initialWeightsHash: row.initialWeightsHash,
  };
}

/** All runs of an extension go on alike: with the optimiser where every checkpoint is there, else from weights. */
function optimizerOf(options: StageOptions, extended: ExtendsPlan): NonNullable<Ancestry['optimizer']> {
  const { store, plan } = options;
  for (const { id } of store.runs(planHash(plan))) {
    const begun = ancestrySchema.safeParse(store.result(id, 'ancestry')).data?.optimizer;
    if (begun !== undefined) return begun;
  }
  const base = parentBase(options);
  const arms = new Set(trainedArms(plan).map(({ name }) => name));
  const parents = base.store
    .runs(extended.plan)
    .filter((run) => isFinished(run) && arms.has(run.arm) && plan.seeds.includes(run.seed));
  return parents.every((run) => existsSync(checkpointOf(base, run))) ? 'continued' : 'fresh';
}
