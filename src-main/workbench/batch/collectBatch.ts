import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { planHash } from '../experiment/planHash.ts';
import { gatherSplit, writeExperimentReport } from '../experiment/runExperiment.ts';
import type { StageOptions } from '../experiment/stage.ts';
import { trainArms } from '../experiment/trainArms.ts';
import type { TrainOptions } from '../experiment/trainingStage.ts';
import type { PlannedRun } from '../experiment/plannedRuns.ts';
import type { SplitFaces } from '../experiment/splitFaces.ts';
import { arrayScriptOf, batchFolderOf, batchRunOf, readBatch, taskLogOf, type BatchRun } from './batchFile.ts';
import { joinRun } from './joinRun.ts';
import { knownRuns } from './knownRuns.ts';
import { refuseUnpaired } from './refuseUnpaired.ts';
import { isJoinable, stateOf, taskStates, withStore, type BatchedRun } from './taskStates.ts';

export interface CollectOptions {
  /** Workspaces that hold runs of the plan; where none is named, those of the submitted tasks. */
  readonly from: readonly string[];
  /** Whether the report is written where some runs are missing. */
  readonly partial: boolean;
  readonly train: Pick<TrainOptions, 'compiled' | 'engine'>;
}
interface Joined {
  readonly joined: readonly string[];
  readonly runs: readonly string[];
  /** Runs of the next round that are not done: tuning has chosen, or the comparison goes on. */
  readonly next: readonly PlannedRun[];
}

/**
 * Joins the runs of a plan from the workspaces of tasks, verifies that they are pairs, judges those that are not judged
 * yet, and writes the report. Throws ArcBenchError, also where the runs of a next round are still to be submitted.
 */
export async function collectBatch(
  options: StageOptions,
  collected: CollectOptions,
): Promise<{ readonly report: string; readonly joined: readonly string[]; readonly runs: readonly string[] }> {
  const faces = await gatherSplit(options);
  const { joined, runs, next } = await joinRuns(options, faces, collected);
  if (next.length > 0 && !collected.partial) throw nextRoundMissing(options, next);
  return { report: await writeExperimentReport(options, faces), joined, runs };
}

/** Joins what the tasks have done so far, and says which runs of a next round follow from it. Throws ArcBenchError. */
export async function joinRuns(options: StageOptions, faces: SplitFaces, collected: CollectOptions): Promise<Joined> {
  const { store, plan } = options;
  const joined: string[] = [];
  const submitted = readBatch(batchFolderOf(store.workspace, planHash(plan)))?.runs.map(({ id }) => id);
  const isAsked = ({ id }: PlannedRun) => collected.from.length > 0 || (submitted?.includes(id) ?? true);
  for (;;) {
    const planned = knownRuns(store, plan, faces).filter(isAsked);
    const { there, joined: own } = await joinKnown(options, faces, { planned, collected });
    joined.push(...own);
    const more = knownRuns(store, plan, faces).filter(({ id }) => !planned.some((run) => run.id === id));
    // Workspaces that are named may hold the next round too.
    const goesOn = collected.from.length > 0 && findRuns(options, faces, { planned: more, collected }).some(isJoinable);
    if (!goesOn) return { joined, runs: there.map(({ id }) => id), next: more };
  }
}

/** Joins the runs that are known now. Throws 'failed' where one is not done and not all are asked for. */
async function joinKnown(
  options: StageOptions,
  faces: SplitFaces,
  { planned, collected }: { readonly planned: readonly PlannedRun[]; readonly collected: CollectOptions },
): Promise<{ readonly there: readonly BatchedRun[]; readonly joined: readonly string[] }> {
  const { store, plan, progress } = options;
  const { from, partial, train } = collected;
  const folder = batchFolderOf(store.workspace, planHash(plan));
  const found = findRuns(options, faces, { planned, collected });
  refuseUnfinished(options, found, { from, partial, folder });
  const there = found.filter(isJoinable);
  refuseUnpaired(options, there, planned);
  const joined = there.filter((run) => run.workspace !== store.workspace);
  for (const run of joined) {
    progress.notice(`Joining ${run.arm}, seed ${run.seed} (run ${run.id})`);
    await joinRun(store, run);
  }
  // Runs of tuning are judged by val only.
  const isUnjudged = ({ id, role }: BatchedRun) => role === 'comparison' && store.run(id)?.status === 'trained';
  const unjudged = new Set(there.filter(isUnjudged).map(({ arm, seed }) => `${arm} ${seed}`));
  if (unjudged.size > 0)
    await trainArms(options, faces, {
      ...train,
      interrupted: 'refuse',
      evaluate: true,
      only: ({ arm, seed }) => unjudged.has(`${arm} ${seed}`),
    });
  // everything is in this workspace now
  if (from.length === 0) for (const { workspace } of joined) rmSync(workspace, { recursive: true, force: true });
  return { there, joined: joined.map(({ id }) => id) };
}

/** How far planned runs are, in the workspaces that are named or in those of the tasks. */
function findRuns(
  options: StageOptions,
  faces: SplitFaces,
  { planned, collected }: { readonly planned: readonly PlannedRun[]; readonly collected: CollectOptions },
): BatchedRun[] {
  const { from } = collected;
  const runs = planned.map((run) => batchRunOf(run, options.plan));
  const splits = new Set([...(faces.splits?.values() ?? [faces.split])].map(({ hash }) => hash));
  if (from.length > 0) return runsIn(options, { planned: runs, splits, workspaces: from.map((path) => resolve(path)) });
  const folder = batchFolderOf(options.store.workspace, planHash(options.plan));
  return tasksOf(options, { folder, planned: runs, splitHash: faces.split.hash });
}

function refuseUnfinished(
  { progress }: StageOptions,
  found: readonly BatchedRun[],
  { from, partial, folder }: Pick<CollectOptions, 'from' | 'partial'> & { readonly folder: string },
): void {
  const unfinished = found.filter((run) => !isJoinable(run));
  const sentences = unfinished.map((run) => sentenceOf(run, from.length > 0 ? null : taskLogOf(folder, run.number)));
  for (const sentence of sentences) progress.notice(sentence);
  if (unfinished.length === 0 || (partial && unfinished.length < found.length)) return;
  const isOne = unfinished.length === 1;
  const advice = from.length > 0 ? 'Name the workspaces that hold them too' : adviceOn(unfinished, folder);
  throw new ArcBenchError(
    'failed',
    `${unfinished.length} of ${found.length} runs ${isOne ? 'is' : 'are'} not done${isOne ? '' : ', the first'}: ` +
      `${sentences[0]} ${advice}, and collect again, or take what is there with --partial.`,
  );
}

const nextRoundMissing = ({ plan }: StageOptions, next: readonly PlannedRun[]) =>
  new ArcBenchError(
    'failed',
    `${plan.name} goes on with ${next.length} ${next.length === 1 ? 'run' : 'runs'} that ` +
      `${next.length === 1 ? 'is' : 'are'} not submitted yet, the first: ${next[0]?.arm}, seed ${next[0]?.seed}. ` +
      'Submit the experiment again with `arcbench submit`, which trains only those, and then collect again; or take ' +
      'what is there with --partial.',
  );

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

type Planned = readonly BatchRun[];

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
    splits,
    workspaces,
  }: {
    readonly planned: Planned;
    readonly splits: ReadonlySet<string>;
    readonly workspaces: readonly string[];
  },
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
        if (!splits.has(row.splitHash) && workspace !== store.workspace)
          throw otherSplit(workspace, row.splitHash, [...splits][0] ?? '');
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
