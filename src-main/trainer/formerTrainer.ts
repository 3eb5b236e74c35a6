import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { closedEnvironment, neutralFolder } from '../files/programEnvironment.mjs';
import { isOwn, refuseForeign } from '../files/ownPath.ts';
import { runFiles, writerOf } from '../files/workspaceFolders.ts';

// A trainer whose workbench was killed may save what it has for this long.
const patience = 10_000; // milliseconds
const pidPath = (runFolder: string) => runFiles(runFolder).trainerId;

/**
 * Writes down which process trains a run now, and returns a function that removes the note. Throws where the run's
 * folder cannot be written.
 */
export function noteTrainer(runFolder: string, processId: number): () => void {
  refuseForeign(pidPath(runFolder), 'file');
  writeFileSync(pidPath(runFolder), String(processId));
  return () => {
    try {
      rmSync(pidPath(runFolder), { force: true });
    } catch {
      // A note that stays does no harm: its process is checked before anything is done to it.
    }
  };
}

/**
 * Makes sure that nothing else writes into a run's folder. Waits for a trainer that outlived its killed workbench to
 * save and end, kills it after ten seconds, and removes half-written files.
 */
export async function endFormerTrainer(runFolder: string): Promise<void> {
  if (!existsSync(runFolder)) return;
  refuseForeign(pidPath(runFolder), 'file');
  const former = existsSync(pidPath(runFolder)) ? Number(readFileSync(pidPath(runFolder), 'utf8')) : 0;
  const started = performance.now();
  while (former > 0 && trains(former, runFolder)) {
    if (performance.now() - started > patience) kill(former);
    await wait(50);
  }
  removeLeftovers(runFolder);
  removeLeftovers(runFiles(runFolder).snapshots);
}

function removeLeftovers(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (writerOf(name) !== null && isOwn(join(folder, name)))
      rmSync(join(folder, name), { recursive: true, force: true });
}

function kill(processId: number): void {
  try {
    process.kill(processId, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}

/** Whether a process is the trainer of this run. Its command line tells: the system reuses process ids. */
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
    return false; // no such process
  }
}
