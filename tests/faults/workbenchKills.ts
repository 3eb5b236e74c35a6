import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { randomStream } from '../../src-shared/maths/random.ts';
import { trainersOf, writeFaultExperiment } from './faultExperiment.ts';
import { servedWorkbench, type ServedWorkbench } from './servedWorkbench.ts';
import { differences, workspaceState } from './workspaceState.ts';

/** A workbench behind one of the doors, and the processes that can be killed. */
export interface KilledWorkbench extends Pick<ServedWorkbench, 'call' | 'end'> {
  /** Ids of the processes, the trainers apart, by what they are. */
  readonly processes: Readonly<Record<string, number>>;
  /** The id of the process that starts trainers. */
  readonly trainedBy: number;
  /** Ends what is left of it; resolves when no process of it is left. */
  stop(): Promise<void>;
}
export interface KilledDoor {
  /** What lines and folders call it, such as 'served'. */
  readonly name: string;
  start(workspace: string): Promise<KilledWorkbench>;
}

/** The door of `arcbench serve`. */
export const servedDoor: KilledDoor = {
  name: 'served',
  async start(workspace) {
    const { child, ended, call, end } = await servedWorkbench(workspace);
    const workbench = child.pid as number;
    return {
      call,
      end,
      processes: { workbench },
      trainedBy: workbench,
      async stop() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  },
};

export interface WorkbenchKillCounts {
  readonly kills: number;
  readonly byVictim: Readonly<Record<string, number>>;
  readonly workspaces: number;
  readonly compared: number;
  readonly mismatches: readonly string[];
}

const mostStarts = 30; // of one workspace: by then something does not go forward

/**
 * Runs a tiny experiment in a workbench through its contract, once in peace, then again and again with SIGKILL to one
 * of its processes, its trainer or all of them at seeded moments. Each is resumed through the contract (one run, or the
 * experiment) until it is done, and compared with the first.
 */
export async function workbenchKills({
  door,
  folder,
  kills,
  seed,
  tell,
}: {
  readonly door: KilledDoor;
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}): Promise<WorkbenchKillCounts> {
  const yaml = readFileSync(writeFaultExperiment(join(folder, `${door.name}.yaml`)), 'utf8');
  const workspace = join(folder, door.name); // all run at one place, since paths are in what they write
  const random = randomStream(seed, `${door.name} kills`);
  const byVictim: Record<string, number> = {};
  const mismatches: string[] = [];
  let killed = 0;
  let workspaces = 0;
  let compared = 0;

  /** Starts the experiment, or goes on with it; whether its report is there at the end. */
  const goOn = async (workbench: KilledWorkbench): Promise<boolean> => {
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
    const workbench = await door.start(workspace);
    await goOn(workbench).finally(() => workbench.stop());
  };

  mkdirSync(workspace);
  const started = performance.now();
  await inPeace();
  let took = performance.now() - started; // of what is to be killed in, not where the machine was busier
  const reference = workspaceState(workspace);
  renameSync(workspace, join(folder, `${door.name}-reference`));
  tell(`The ${door.name} reference: ${(took / 1000).toFixed(1)} s, ${reference.size} files and tables.`);

  while (killed < kills) {
    workspaces++;
    mkdirSync(workspace);
    for (let start = 1, done = false; !done; start++) {
      assert.ok(start <= mostStarts, `workspace ${workspaces}: ${mostStarts} starts did not bring it to its end`);
      const mayKill = killed < kills && start < mostStarts;
      const begun = performance.now();
      const workbench = await door.start(workspace);
      let victim: string | null = null;
      const timer = setTimeout(
        () => {
          const trainers = trainersOf(workbench.trainedBy);
          const { processes } = workbench;
          const victims = [...Object.keys(processes), ...(trainers.length === 0 ? [] : ['trainer', 'all'])];
          const drawn = victims[random.integer(victims.length)] as string;
          victim = drawn;
          killed++;
          byVictim[drawn] = (byVictim[drawn] ?? 0) + 1;
          for (const [name, id] of Object.entries(processes)) if (drawn === name || drawn === 'all') kill(id);
          if (drawn === 'trainer' || drawn === 'all') trainers.forEach(kill);
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
      await workbench.stop();
      await wait(10);
    }
    const found = workspaceState(workspace);
    compared += found.size;
    const different = differences(reference, found);
    mismatches.push(...different.map((line) => `${door.name} workspace ${workspaces}: ${line}`));
    tell(
      `${door.name} workspace ${workspaces}: ` +
        `${different.length === 0 ? 'equal to the reference' : `${different.length} differences`} (${killed} ` +
        `of ${kills} kills)`,
    );
    rmSync(workspace, { recursive: true });
  }
  return { kills: killed, byVictim, workspaces, compared, mismatches };
}

function kill(processId: number): void {
  try {
    process.kill(processId, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
