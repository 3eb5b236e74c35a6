import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeUnfinishedSet, unfinishedSets } from '../../data/unfinishedSet.ts';

/** The areas of a workspace in which files and folders are written whole or not at all. */
export const writtenWhole = ['datasets', 'experiments', 'prepared', 'splits', 'runs', 'reports', 'uploads'] as const;
/** Names of what is being written, or was when its writer died. */
export const leftover = /(^\.(writing|old|receiving)-|\.writing$|\.(writing|part)-\d+$|\.\d+\.tmp$)/;

/**
 * Preparations that were stopped and may go on, each under the path of the set to be; over where the set is there (a
 * loss of power brings back what was removed) or nobody went on with them for a week.
 */
export async function stoppedPreparations(
  workspace: string,
): Promise<readonly { readonly set: string; readonly over: boolean }[]> {
  const week = 7 * 86_400_000; // milliseconds
  return (await unfinishedSets(join(workspace, 'prepared'))).map(({ set, touched }) => ({
    set,
    over: existsSync(set) || Date.now() - touched > week,
  }));
}

/**
 * Removes what writers that are dead left half-made, and of preparations that are over. The caller holds the workspace:
 * a process id in a name that is not its own is a dead one's.
 */
export async function sweepLeftovers(workspace: string): Promise<void> {
  for (const area of writtenWhole) {
    for (const name of await readdir(join(workspace, area)).catch(() => [])) {
      const writer = /\.(?:writing|part)-(\d+)$|\.(\d+)\.tmp$/.exec(name);
      if (writer && Number(writer[1] ?? writer[2]) !== process.pid)
        // `arcbench check` names what permissions hold
        await rm(join(workspace, area, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  for (const { set, over } of await stoppedPreparations(workspace)) if (over) await removeUnfinishedSet(set);
}
