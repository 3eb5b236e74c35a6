import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { closedEnvironment, neutralFolder } from '../files/programEnvironment.mjs';

const patience = 10_000; // milliseconds in which a trainer whose workbench was killed may save what it has
const pidPath = (runFolder: string) => join(runFolder, 'trainer.pid');
const leftover = /(\.writing-\d+|\.\d+\.tmp)$/;

/** Notes which process trains a run now; returns how to forget it. Throws where the run's folder takes no file. */
export function noteTrainer(runFolder: string, processId: number): () => void {
  writeFileSync(pidPath(runFolder), String(processId));
  return () => {
    try {
      rmSync(pidPath(runFolder), { force: true });
    } catch {
      // The note may stay: what it names is looked at before it is believed.
    }
  };
}

/**
 * Sees to it that nobody else writes into a run's folder: a trainer that outlived a killed workbench saves and ends, or
 * is ended; what was half-written is swept.
 */
export async function endFormerTrainer(runFolder: string): Promise<void> {
  if (!existsSync(runFolder)) return;
  const former = existsSync(pidPath(runFolder)) ? Number(readFileSync(pidPath(runFolder), 'utf8')) : 0;
  const started = performance.now();
  while (former > 0 && trains(former, runFolder)) {
    if (performance.now() - started > patience) end(former);
    await wait(50);
  }
  for (const folder of [runFolder, join(runFolder, 'snapshots')]) {
    for (const name of existsSync(folder) ? readdirSync(folder) : [])
      if (leftover.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function end(processId: number): void {
  try {
    process.kill(processId, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Whether a process is the trainer of this run, by its command line: ids of processes come back. */
function trains(processId: number, runFolder: string): boolean {
  try {
    const command = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${processId}/cmdline`, 'utf8')
      : spawnSync('ps', ['-o', 'command=', '-p', String(processId)], {
          encoding: 'utf8',
          cwd: neutralFolder,
          env: closedEnvironment(),
        }).stdout;
    return command.includes('trainerProcess') && command.includes(runFolder);
  } catch {
    return false; // there is no such process
  }
}
