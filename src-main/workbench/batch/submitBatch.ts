import { ArcBenchError } from '../../../src-shared/errors.ts';
import { makeFolders } from '../../files/makeFolders.ts';
import { writeWhole } from '../../files/writeWhole.ts';
import { planHash } from '../experiment/planHash.ts';
import { gatherSplit, writeExperimentReport } from '../experiment/runExperiment.ts';
import type { StageOptions } from '../experiment/stage.ts';
import type { SplitFaces } from '../experiment/splitFaces.ts';
import {
  arrayScriptOf,
  batchFolderOf,
  batchRunOf,
  collectScriptOf,
  readBatch,
  writeBatch,
  type Batch,
} from './batchFile.ts';
import { joinRuns, type CollectOptions } from './collectBatch.ts';
import { isInRounds, knownRuns } from './knownRuns.ts';
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
  /** Whether the job that collects submits further rounds. */
  readonly inRounds: boolean;
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
  const { plan } = options;
  if (plan.sweep && 'halving' in plan.sweep && plan.sweep.halving !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `The runs of ${plan.name} go on together, round by round, since its sweep has successive halving: run ` +
        'it on one machine with `arcbench --run`, or leave sweep.halving out.',
    );
  return await submitKnown(options, await gatherSplit(options), { flags, commands, from, dryRun, collect });
}

/** Submits the runs that are known now and not done: all of them, or those of the next round. */
async function submitKnown(
  options: StageOptions,
  faces: SplitFaces,
  { flags, commands, from, dryRun, collect }: SubmitOptions,
): Promise<Submitted> {
  const { store, plan, baseFolder, rerunCommand } = options;
  const { dataset, set, split } = faces;
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
    runs: knownRuns(store, plan, faces).map((run) => batchRunOf(run, plan)),
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
  makeFolders(folder);
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
  const inRounds = isInRounds(plan);
  if (dryRun) return { folder, scripts, tasks, job: null, collectJob: null, inRounds };
  options.progress.stage(`Submitting ${tasks.length} ${tasks.length === 1 ? 'run' : 'runs'}`);
  const job = submitScript(arrayScriptOf(folder), []);
  await writeBatch(folder, { ...batch, jobs: [...jobs, job] });
  const collectJob = collect
    ? submitScript(collectScriptOf(folder), [
        `--dependency=afterany:${[...(states.some(isWithSlurm) ? jobs : []), job].join(':')}`,
      ])
    : null;
  return { folder, scripts, tasks, job, collectJob, inRounds };
}

/** What became of a round: the next one was submitted, or the report was written. */
export type Continued =
  | { readonly kind: 'submitted'; readonly joined: readonly string[]; readonly submitted: Submitted }
  | {
      readonly kind: 'reported';
      readonly joined: readonly string[];
      readonly runs: readonly string[];
      readonly report: string;
    };

/**
 * Joins a round of a plan whose runs follow from one another, and submits the next one: the comparison once tuning has
 * chosen, and further seeds until the comparison stops. After the last round it writes the
 * report. Throws ArcBenchError.
 */
export async function continueBatch(
  options: StageOptions,
  submit: SubmitOptions,
  train: CollectOptions['train'],
): Promise<Continued> {
  const faces = await gatherSplit(options);
  const { joined, runs, next } = await joinRuns(options, faces, { from: [], partial: false, train });
  if (next.length > 0 && !submit.dryRun) requireSlurm();
  if (next.length > 0) return { kind: 'submitted', joined, submitted: await submitKnown(options, faces, submit) };
  return { kind: 'reported', joined, runs, report: await writeExperimentReport(options, faces) };
}
