import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeUnfinishedSet, unfinishedSets } from '../../data/unfinishedSet.ts';
import { isOwn } from '../../files/ownPath.ts';
import { sweepRemoved } from './clean/removeFolders.ts';
import { workspaceAreas, workspaceFolders, writerOf } from '../../files/workspaceFolders.ts';

const week = 7 * 86_400_000; // milliseconds

/**
 * Preparations that were stopped and may go on, each under the path of the set that it makes. One is over where the set
 * is there (a loss of power brings back what was removed) or nobody went on with it for a week.
 */
export async function stoppedPreparations(
  workspace: string,
): Promise<readonly { readonly set: string; readonly over: boolean }[]> {
  return (await unfinishedSets(workspaceFolders(workspace).area('prepared'))).map(({ set, touched }) => ({
    set,
    over: existsSync(set) || Date.now() - touched > week,
  }));
}

/**
 * Removes what dead writers left half-made, and preparations that are over. The caller is the workspace's only writer,
 * so that a process id in a name that is not its own is that of a dead writer.
 */
export async function sweepLeftovers(workspace: string): Promise<void> {
  const { area } = workspaceFolders(workspace);
  for (const folder of workspaceAreas.map(area)) {
    for (const name of await readdir(folder).catch(() => [])) {
      const writer = writerOf(name);
      if (writer === null || writer === process.pid || !isOwn(join(folder, name))) continue;
      // What permissions protect stays; `arcbench check` names it.
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  await sweepRemoved(workspace);
  for (const { set, over } of await stoppedPreparations(workspace)) if (over) await removeUnfinishedSet(set);
}
