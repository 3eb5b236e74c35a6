import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { randomStream } from '../../src-shared/maths/random.ts';
import { openStore } from '../../src-main/store/store.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { isLeftover } from '../../src-main/files/workspaceFolders.ts';
import { arcbench, trainersOf, writeFaultExperiment, type Outcome } from './faultExperiment.ts';
import { differences, workspaceState } from './workspaceState.ts';

export const phases = ['start', 'import', 'prepare', 'split', 'train', 'checkpoint', 'evaluate', 'report'] as const;
type Phase = (typeof phases)[number];
export const victims = ['trainer', 'cli', 'both'] as const;
type Victim = (typeof victims)[number];

export interface KillCounts {
  readonly kills: number;
  readonly byPhase: Readonly<Record<Phase, number>>;
  readonly byVictim: Readonly<Record<Victim, number>>;
  readonly sessions: number;
  readonly resumes: number;
  readonly workspaces: number;
  /** Files and rows that were compared with the reference, over all workspaces. */
  readonly compared: number;
  readonly mismatches: readonly string[];
}

const epochs = 3;
const mostSessions = 40; // of one workspace: by then something does not go forward
const longestSession = 180_000; // milliseconds

/** What is being written, or was when its writer died: splits, checkpoints, saved models, reports. */
function halfMade(workspace: string): string[] {
  const namesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []).map((name) => join(folder, name));
  const runs = namesIn(join(workspace, 'runs'));
  return [
    ...['splits', 'reports'].flatMap((area) => namesIn(join(workspace, area))),
    ...runs.flatMap(namesIn),
    ...runs.flatMap((run) => namesIn(join(run, 'checkpoints'))),
  ].filter((path) => isLeftover(basename(path)));
}

/** The phase that a line of stderr begins, if it does. */
function begins(line: string): Phase | null {
  if (line.startsWith('Drawing')) return 'import';
  if (line.startsWith('Preparing')) return 'prepare';
  if (line.startsWith('Splitting')) return 'split';
  if (line.startsWith('Writing the report')) return 'report';
  if (
    line.startsWith('Evaluating') ||
    line.includes(`epoch ${epochs}/${epochs}`) ||
    line.includes('Resumed at the end of training')
  )
    return 'evaluate';
  return line.startsWith('Training') || /epoch \d/.test(line) ? 'train' : null;
}

/**
 * What was going on when stderr had said these lines; a checkpoint was being written where its folder lies there
 * half-made.
 */
function phaseOf(lines: readonly string[], workspace: string): Phase {
  if (halfMade(workspace).some((path) => path.includes('checkpoints'))) return 'checkpoint';
  return lines.map(begins).findLast((phase) => phase !== null) ?? 'start';
}

/**
 * Runs a tiny experiment through the command line once in peace, then in fresh workspaces again and again with SIGKILL
 * at seeded moments, resuming until it is done, and compares each workspace with the first. Each phase is meant equally
 * often: a moment is the first, second, … time that a line of stderr begins the phase and some milliseconds, up to as
 * long as it took in peace; or inside a write, when a half-made split, checkpoint, saved model or report is seen.
 */
export async function killRuns({
  folder,
  kills,
  seed,
  tell,
}: {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}): Promise<KillCounts> {
  const experiment = writeFaultExperiment(join(folder, 'faults.yaml'), { epochs });
  // All run at one place, since paths are in what they write.
  const workspace = join(folder, 'workspace');
  const run = ['--run', experiment, '--workspace', workspace];
  const started = performance.now();
  const heardAt: { readonly phase: Phase; readonly at: number }[] = [{ phase: 'start', at: started }];
  const whole = await arcbench(run, (line) => {
    const phase = begins(line);
    if (phase !== null) heardAt.push({ phase, at: performance.now() });
  }).ended;
  const took = performance.now() - started;
  assert.equal(whole.code, 0, whole.stderr);
  const reference = workspaceState(workspace);
  renameSync(workspace, join(folder, 'reference'));
  const times = (phase: Phase) => heardAt.filter((heard) => heard.phase === phase).length;
  /** Milliseconds that a phase took at its longest. */
  const lengthOf = (phase: Phase) =>
    Math.max(
      0,
      ...heardAt.flatMap((heard, at) =>
        heard.phase === phase ? (heardAt[at + 1]?.at ?? started + took) - heard.at : [],
      ),
    );
  tell(`The reference: ${(took / 1000).toFixed(1)} s, ${reference.size} files and tables.`);

  const byPhase = Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<Phase, number>;
  const byVictim = Object.fromEntries(victims.map((victim) => [victim, 0])) as Record<Victim, number>;
  const mismatches: string[] = [];
  let killed = 0;
  let sessions = 0;
  let resumes = 0;
  let workspaces = 0;
  let compared = 0;
  const random = randomStream(seed, 'kills');

  /** One start of the command line, killed at a drawn moment unless it is done before. */
  const session = async (
    resume: boolean,
    mayKill: boolean,
  ): Promise<{ readonly outcome: Outcome; readonly victim: Victim | null }> => {
    const meant = phases[random.integer(phases.length)] as Phase;
    const share = random.next() ** 2;
    const drawn = victims[random.integer(victims.length)] as Victim;
    // in the write that is seen after so many others
    const inside = meant === 'checkpoint' ? random.integer(resume ? 4 : 12) : null;
    let left = random.integer(Math.max(1, resume && meant === 'train' ? 3 : times(meant)));
    const heard: string[] = [];
    let victim: Victim | null = null;
    const started = arcbench([...run, ...(resume ? ['--resume'] : [])], (line) => {
      heard.push(line);
      if (begins(line) === meant && left-- === 0) void strike(share * lengthOf(meant));
    });
    const strike = async (milliseconds: number) => {
      await wait(milliseconds);
      const main = started.child.pid as number;
      if (!mayKill || victim !== null || started.child.exitCode !== null || started.child.signalCode !== null) return;
      const trainers = trainersOf(main);
      victim = trainers.length === 0 ? 'cli' : drawn;
      if (victim !== 'trainer') started.child.kill('SIGKILL');
      if (victim !== 'cli') for (const trainer of trainers) process.kill(trainer, 'SIGKILL');
      killed++;
      byVictim[victim]++;
      byPhase[phaseOf(heard, workspace)]++;
    };
    if (meant === 'start') void strike(share * lengthOf('start'));
    let before = halfMade(workspace);
    let seen = 0;
    const watch =
      inside === null
        ? null
        : setInterval(() => {
            const now = halfMade(workspace);
            const fresh = now.filter((path) => !before.includes(path)).length;
            [before, seen] = [now, seen + fresh];
            if (fresh > 0 && seen > inside) void strike(share * 5);
          }, 1);
    const watchdog = setTimeout(() => {
      mismatches.push(`workspace ${workspaces}: a session hung behind "${heard.at(-1)}"`);
      started.child.kill('SIGKILL');
    }, longestSession);
    const outcome = await started.ended;
    clearTimeout(watchdog);
    if (watch) clearInterval(watch);
    return { outcome, victim };
  };

  while (killed < kills) {
    workspaces++;
    mkdirSync(workspace);
    const before = killed;
    for (let attempt = 1, done = false; !done; attempt++) {
      sessions++;
      if (attempt > 1) resumes++;
      const {
        outcome: { code, stderr },
        victim,
      } = await session(attempt > 1, killed < kills && attempt < mostSessions);
      done = code === 0;
      const last = stderr.trim().split('\n').at(-1) ?? '';
      if (!done && victim === null) {
        mismatches.push(`workspace ${workspaces}: a session that nobody killed ended with ${code}: ${last}`);
        break;
      }
      if (victim === 'trainer' && !done && !/^The trainer was killed \(SIGKILL.*memory.*resume/.test(last))
        mismatches.push(`workspace ${workspaces}: of a killed trainer was said: ${last}`);
      if (/\bat .*:\d+:\d+/.test(stderr)) mismatches.push(`workspace ${workspaces}: a stack trace was shown: ${last}`);
    }
    const found = workspaceState(workspace);
    compared += found.size;
    const store = openStore(workspace);
    const faults = await checkWorkspace(store, { repair: false, onProgress: () => undefined }).finally(() =>
      store.close(),
    );
    const different = [
      ...differences(reference, found),
      ...faults.map(({ path, message }) => `${path.slice(workspace.length + 1)}: ${message}`),
    ];
    mismatches.push(...different.map((line) => `workspace ${workspaces}: ${line}`));
    tell(
      `workspace ${workspaces}: ${killed - before} kills, ` +
        `${different.length === 0 ? 'equal to the reference' : `${different.length} differences`} (${killed} ` +
        `of ${kills} kills)`,
    );
    for (const line of different) tell(`  ${line}`);
    if (different.length > 0 && existsSync(workspace)) renameSync(workspace, join(folder, `different-${workspaces}`));
    rmSync(workspace, { recursive: true, force: true });
  }
  return { kills: killed, byPhase, byVictim, sessions, resumes, workspaces, compared, mismatches };
}
