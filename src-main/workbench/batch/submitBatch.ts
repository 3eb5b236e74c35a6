import { mkdirSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { writeWhole } from '../../files/writeWhole.ts';
import { planHash } from '../experiment/planHash.ts';
import { gatherSplit } from '../experiment/runExperiment.ts';
import type { StageOptions } from '../experiment/stage.ts';
import { plannedRuns } from '../experiment/plannedRuns.ts';
import { arrayScriptOf, batchFolderOf, collectScriptOf, readBatch, writeBatch, type Batch } from './batchFile.ts';
import { arrayScript, collectScript, type BatchCommands, type BatchScripts } from './batchScripts.ts';
import { requireSlurm, submitScript } from './slurm.ts';
import { isJoinable, taskStates, type BatchedRun } from './taskStates.ts';

export interface SubmitOptions {
  /** Flags of sbatch for every task and the job that collects. */
  readonly flags: readonly string[];
  /** The command lines of a batch in this folder. */
  readonly commands: (folder: string) => BatchCommands;
  /** The folder in which the jobs begin, as relative paths need it. */
  readonly from: string;
  readonly dryRun: boolean;
  /** Whether a job after the array joins the runs. */
  readonly collect: boolean;
}
export interface Submitted {
  readonly folder: string;
  readonly scripts: readonly { readonly path: string; readonly text: string }[];
  readonly tasks: readonly {
    readonly number: number;
    readonly id: string;
    readonly arm: string;
    readonly seed: number;
  }[];
  readonly job: string | null;
  readonly collectJob: string | null;
}

/**
 * Prepares and splits the faces once, writes the scripts of a job array with one task for each run that is not done,
 * and submits them unless it is a dry run. Throws ArcBenchError.
 */
export async function submitBatch(
  options: StageOptions,
  { flags, commands, from, dryRun, collect }: SubmitOptions,
): Promise<Submitted> {
  if (!dryRun) requireSlurm();
  const { store, plan, baseFolder, rerunCommand } = options;
  if (plan.sweep && 'halving' in plan.sweep && plan.sweep.halving !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `The runs of ${plan.name} go on together, round by round, since its sweep has successive halving: run ` +
        'it on one machine with `arcbench --run`, or leave sweep.halving out.',
    );
  refuseOneAfterAnother(plan);
  const { dataset, set, split } = await gatherSplit(options);
  const hash = planHash(plan);
  const folder = batchFolderOf(store.workspace, hash);
  const jobs = readBatch(folder)?.jobs ?? [];
  const batch: Batch = {
    plan,
    planHash: hash,
    prepared: set.hash,
    dataset: dataset.hash,
    splitHash: split.hash,
    baseFolder,
    rerunCommand,
    runs: plannedRuns(store, plan, { split }).map(({ id, arm, seed }) => ({ id, arm, seed })),
    jobs,
  };
  const states = taskStates(store, folder, batch);
  const isWithSlurm = ({ state }: BatchedRun) => state === 'queued' || state === 'running';
  const tasks = states
    .filter((run) => !isJoinable(run) && !isWithSlurm(run))
    .map(({ number, id, arm, seed }) => ({ number, id, arm, seed }));
  if (tasks.length === 0)
    throw new ArcBenchError(
      'wrong-input',
      `There is nothing to submit: each run of ${plan.name} is done or with Slurm already; \`arcbench ` +
        'collect` joins them.',
    );
  mkdirSync(folder, { recursive: true });
  const written: BatchScripts = {
    folder,
    batch,
    numbers: tasks.map(({ number }) => number),
    flags,
    commands: commands(folder),
    from,
  };
  const scripts = [
    { path: arrayScriptOf(folder), text: arrayScript(written) },
    ...(collect ? [{ path: collectScriptOf(folder), text: collectScript(written) }] : []),
  ];
  for (const { path, text } of scripts) await writeWhole(path, text);
  await writeBatch(folder, batch);
  if (dryRun) return { folder, scripts, tasks, job: null, collectJob: null };
  options.progress.stage(`Submitting ${tasks.length} ${tasks.length === 1 ? 'run' : 'runs'}`);
  const job = submitScript(arrayScriptOf(folder), []);
  await writeBatch(folder, { ...batch, jobs: [...jobs, job] });
  const collectJob = collect
    ? submitScript(collectScriptOf(folder), [
        `--dependency=afterany:${[...(states.some(isWithSlurm) ? jobs : []), job].join(':')}`,
      ])
    : null;
  return { folder, scripts, tasks, job, collectJob };
}

/** Refuses a plan whose runs follow from one another, or that has more than one split. */
function refuseOneAfterAnother(plan: Batch['plan']): void {
  const reasons: readonly (readonly [boolean, string])[] = [
    [plan.tune !== undefined, 'tunes before it compares, so that its last runs are not known yet'],
    [plan.stopping !== undefined, 'stops by itself, so that each seed waits for the one before it'],
    [plan.split.seed === 'perSeed', 'draws a split for each seed, and a job array has one split'],
  ];
  const reason = reasons.find(([holds]) => holds)?.[1];
  if (reason !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `${plan.name} cannot be submitted as a job array: it ${reason}. Run it on one machine with \`arcbench --run\`.`,
    );
}
