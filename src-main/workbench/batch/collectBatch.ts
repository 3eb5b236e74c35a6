import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { planHash } from '../experiment/planHash.ts';
import { gatherSplit, writeExperimentReport } from '../experiment/runExperiment.ts';
import type { StageOptions } from '../experiment/stage.ts';
import { trainArms } from '../experiment/trainArms.ts';
import type { TrainOptions } from '../experiment/trainingStage.ts';
import { plannedRuns } from '../experiment/plannedRuns.ts';
import { arrayScriptOf, batchFolderOf, readBatch, taskLogOf, type Batch } from './batchFile.ts';
import { joinRun } from './joinRun.ts';
import { refuseUnpaired } from './refuseUnpaired.ts';
import { isJoinable, stateOf, taskStates, withStore, type BatchedRun } from './taskStates.ts';

export interface CollectOptions {
  /** Workspaces that hold runs of the plan; where none is named, those of the submitted tasks. */
  readonly from: readonly string[];
  /** Whether the report is written where some runs are missing. */
  readonly partial: boolean;
  readonly train: Pick<TrainOptions, 'compiled' | 'engine'>;
}
/**
 * Joins the runs of a plan from the workspaces of tasks, verifies that they are pairs, judges those that are not judged
 * yet, and writes the report. Throws ArcBenchError.
 */
export async function collectBatch(
  options: StageOptions,
  { from, partial, train }: CollectOptions,
): Promise<{ readonly report: string; readonly joined: readonly string[]; readonly runs: readonly string[] }> {
  const { store, plan, progress } = options;
  const faces = await gatherSplit(options);
  const hash = planHash(plan);
  const folder = batchFolderOf(store.workspace, hash);
  const planned = plannedRuns(store, plan, faces).map(({ id, arm, seed }) => ({ id, arm, seed }));
  const found =
    from.length > 0
      ? runsIn(options, { planned, splitHash: faces.split.hash, workspaces: from.map((path) => resolve(path)) })
      : tasksOf(options, { folder, planned, splitHash: faces.split.hash });
  const unfinished = found.filter((run) => !isJoinable(run));
  const sentences = unfinished.map((run) => sentenceOf(run, from.length > 0 ? null : taskLogOf(folder, run.number)));
  for (const sentence of sentences) progress.notice(sentence);
  if (unfinished.length > 0 && (!partial || unfinished.length === found.length)) {
    const isOne = unfinished.length === 1;
    const advice = from.length > 0 ? 'Name the workspaces that hold them too' : adviceOn(unfinished, folder);
    throw new ArcBenchError(
      'failed',
      `${unfinished.length} of ${found.length} runs ${isOne ? 'is' : 'are'} not done${isOne ? '' : ', the first'}: ` +
        `${sentences[0]} ${advice}, and collect again, or take what is there with --partial.`,
    );
  }
  const there = found.filter(isJoinable);
  refuseUnpaired(options, there);
  const joined = there.filter((run) => run.workspace !== store.workspace);
  for (const run of joined) {
    progress.notice(`Joining ${run.arm}, seed ${run.seed} (run ${run.id})`);
    await joinRun(store, run);
  }
  const unjudged = new Set(
    there.filter(({ id }) => store.run(id)?.status === 'trained').map(({ arm, seed }) => `${arm} ${seed}`),
  );
  if (unjudged.size > 0)
    await trainArms(options, faces, {
      ...train,
      interrupted: 'refuse',
      evaluate: true,
      only: ({ arm, seed }) => unjudged.has(`${arm} ${seed}`),
    });
  const report = await writeExperimentReport(options, faces);
  // everything is in this workspace now
  if (from.length === 0) for (const { workspace } of joined) rmSync(workspace, { recursive: true, force: true });
  return { report, joined: joined.map(({ id }) => id), runs: there.map(({ id }) => id) };
}

/** What makes the runs of unfinished tasks done. */
function adviceOn(unfinished: readonly BatchedRun[], folder: string): string {
  const again = unfinished.filter(({ state }) => state !== 'running' && state !== 'queued');
  if (again.length === 0) return 'Wait for them';
  const numbers = again.map(({ number }) => number).join(',');
  return (
    `Submit ${again.length === 1 ? 'it' : 'them'} again with ` +
    `\`sbatch --array=${numbers} ${shellWord(arrayScriptOf(folder))}\``
  );
}

type Planned = Batch['runs'];

/** The runs of the tasks that were submitted from this workspace. */
function tasksOf(
  { store, plan }: StageOptions,
  { folder, planned, splitHash }: { readonly folder: string; readonly planned: Planned; readonly splitHash: string },
): BatchedRun[] {
  const batch = readBatch(folder);
  if (!batch)
    throw new ArcBenchError(
      'wrong-input',
      `${plan.name} as it is now was not submitted from the workspace ${store.workspace}: submit it with ` +
        '`arcbench submit`, or name the workspaces that hold its runs.',
    );
  if (batch.splitHash !== splitHash) throw otherSplit(folder, batch.splitHash, splitHash);
  return taskStates(store, folder, { ...batch, runs: planned });
}

/** The runs of a plan that some workspaces hold. Throws 'wrong-input' for one that holds none of it. */
function runsIn(
  { store, plan }: StageOptions,
  {
    planned,
    splitHash,
    workspaces,
  }: { readonly planned: Planned; readonly splitHash: string; readonly workspaces: readonly string[] },
): BatchedRun[] {
  const hash = planHash(plan);
  const found = new Map<string, Pick<BatchedRun, 'state' | 'message' | 'workspace'>>();
  for (const workspace of [store.workspace, ...workspaces]) {
    const take = (own: typeof store) => {
      const rows = own.runs(hash);
      if (rows.length === 0 && workspace !== store.workspace) {
        const [other] = own.runs();
        const others = other ? `, but runs of ${other.experiment} (plan ${other.planHash.slice(0, 12)})` : '';
        throw new ArcBenchError(
          'wrong-input',
          `${workspace} holds no run of ${plan.name} as it is now (plan ${hash.slice(0, 12)})${others}: ` +
            'name workspaces in which this very plan was run.',
        );
      }
      for (const row of rows) {
        if (row.splitHash !== splitHash && workspace !== store.workspace)
          throw otherSplit(workspace, row.splitHash, splitHash);
        const known = found.get(row.id);
        const state = stateOf(own, row, { plan });
        if (!known || (known.state !== 'done' && isJoinable(state))) found.set(row.id, { ...state, workspace });
      }
    };
    if (workspace === store.workspace) take(store);
    else if (existsSync(workspace)) withStore(workspace, take);
    else
      throw new ArcBenchError(
        'wrong-input',
        `There is no folder ${workspace}: name workspaces that hold runs of ${plan.name}.`,
      );
  }
  return planned.map((run, number) => ({
    ...run,
    number,
    ...(found.get(run.id) ?? { state: 'missing', message: null, workspace: store.workspace }),
  }));
}

const otherSplit = (where: string, theirs: string, ours: string) =>
  new ArcBenchError(
    'wrong-input',
    `The runs in ${where} were trained on another split (${theirs.slice(0, 12)}) than the faces give now ` +
      `(${ours.slice(0, 12)}): pictures have changed since; submit the experiment again.`,
  );

function sentenceOf({ arm, seed, number, state, message }: BatchedRun, log: string | null): string {
  const run = `${arm}, seed ${seed}${log === null ? '' : ` (task ${number})`}`;
  const where = log === null ? '' : ` Its log is ${log}.`;
  switch (state) {
    case 'done':
    case 'trained':
      return `${run} is done.`;
    case 'diverged':
      return `${run} diverged.`;
    case 'queued':
      return `${run} waits in Slurm's queue.`;
    case 'running':
      return `${run} is still in training.${where}`;
    case 'missing':
      return log === null
        ? `${run} is in none of the workspaces.`
        : `${run} has not begun.${existsSync(log) ? where : ''}`;
    case 'stopped':
      return `${run} was stopped and is saved.${where}`;
    case 'failed':
      return `${run} failed: ${message ?? 'it left no message.'}${where}`;
    case 'killed':
      return `${run} was killed without a message; it goes on from its last checkpoint.${where}`;
  }
}
