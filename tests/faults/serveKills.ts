import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { randomStream } from '../../src-shared/maths/random.ts';
import { trainersOf, writeFaultExperiment } from './faultExperiment.ts';
import { servedWorkbench, type ServedWorkbench } from './servedWorkbench.ts';
import { differences, workspaceState } from './workspaceState.ts';

export const servedVictims = ['trainer', 'workbench', 'both'] as const;
type Victim = (typeof servedVictims)[number];

export interface ServedKillCounts {
  readonly kills: number;
  readonly byVictim: Readonly<Record<Victim, number>>;
  readonly workspaces: number;
  readonly compared: number;
  readonly mismatches: readonly string[];
}

const mostStarts = 30; // of one workspace: by then something does not go forward

/**
 * Runs a tiny experiment in a served workbench through its contract, once in peace, then again and again with SIGKILL
 * to the workbench, its trainer or both at seeded moments; each is resumed through the contract (one run, or the
 * experiment) until it is done, and compared with the first.
 */
export async function serveKills({
  folder,
  kills,
  seed,
  tell,
}: {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}): Promise<ServedKillCounts> {
  const yaml = readFileSync(writeFaultExperiment(join(folder, 'served.yaml')), 'utf8');
  const workspace = join(folder, 'served'); // all run at one place, since paths are in what they write
  const random = randomStream(seed, 'served kills');
  const byVictim = Object.fromEntries(servedVictims.map((victim) => [victim, 0])) as Record<Victim, number>;
  const mismatches: string[] = [];
  let killed = 0;
  let workspaces = 0;
  let compared = 0;

  /** Starts the experiment, or goes on with it; whether its report is there at the end. */
  const goOn = async (workbench: ServedWorkbench): Promise<boolean> => {
    const { call, end } = workbench;
    const [saved] = await call('experiments.list', {});
    const { id } = saved ?? (await call('experiments.save', { id: null, yaml }));
    const half = (await call('runs.list', {})).find(({ status }) => status === 'cancelled' || status === 'failed');
    if (half && random.next() < 0.5) {
      const { state, fault } = await end(await call('runs.resume', { id: half.id }));
      if (state !== 'done') throw new Error(fault?.message ?? state);
    }
    const { state, fault } = await end(await call('experiments.start', { id, interrupted: 'resume' }));
    if (state !== 'done') throw new Error(fault?.message ?? state);
    return true;
  };
  const inPeace = async (): Promise<void> => {
    const workbench = await servedWorkbench(workspace);
    await goOn(workbench).finally(() => workbench.child.kill('SIGTERM'));
    await workbench.ended;
  };

  mkdirSync(workspace);
  const started = performance.now();
  await inPeace();
  let took = performance.now() - started; // of what is to be killed in, not where the machine was busier
  const reference = workspaceState(workspace);
  renameSync(workspace, join(folder, 'served-reference'));
  tell(`The served reference: ${(took / 1000).toFixed(1)} s, ${reference.size} files and tables.`);

  while (killed < kills) {
    workspaces++;
    mkdirSync(workspace);
    for (let start = 1, done = false; !done; start++) {
      assert.ok(start <= mostStarts, `workspace ${workspaces}: ${mostStarts} starts did not bring it to its end`);
      const mayKill = killed < kills && start < mostStarts;
      const begun = performance.now();
      const workbench = await servedWorkbench(workspace);
      let victim: Victim | null = null;
      const timer = setTimeout(
        () => {
          const trainers = trainersOf(workbench.child.pid as number);
          victim =
            trainers.length === 0 ? 'workbench' : (servedVictims[random.integer(servedVictims.length)] as Victim);
          killed++;
          byVictim[victim]++;
          if (victim !== 'trainer') workbench.child.kill('SIGKILL');
          if (victim !== 'workbench') for (const trainer of trainers) process.kill(trainer, 'SIGKILL');
        },
        mayKill ? random.next() * took : 2 ** 30,
      );
      try {
        done = await goOn(workbench);
      } catch (error) {
        const told = error instanceof Error ? error.message : String(error);
        if (victim === null) {
          mismatches.push(`workspace ${workspaces}: a start that nobody killed ended: ${told}`);
          done = true;
        } else if (victim === 'trainer' && !/^The trainer was killed \(SIGKILL.*memory.*resume/.test(told))
          mismatches.push(`workspace ${workspaces}: of a killed trainer was said: ${told}`);
      }
      clearTimeout(timer);
      if (victim === null && mayKill) took = Math.min(took, performance.now() - begun) * 0.8;
      if (victim === 'trainer' && !done)
        done = await goOn(workbench).catch((error: Error) => {
          mismatches.push(`workspace ${workspaces}: the workbench did not go on: ${error.message}`);
          return true;
        });
      workbench.child.kill('SIGTERM');
      await workbench.ended;
      await wait(10);
    }
    const found = workspaceState(workspace);
    compared += found.size;
    const different = differences(reference, found);
    mismatches.push(...different.map((line) => `served workspace ${workspaces}: ${line}`));
    tell(
      `served workspace ${workspaces}: ` +
        `${different.length === 0 ? 'equal to the reference' : `${different.length} differences`} (${killed} ` +
        `of ${kills} kills)`,
    );
    rmSync(workspace, { recursive: true });
  }
  return { kills: killed, byVictim, workspaces, compared, mismatches };
}
