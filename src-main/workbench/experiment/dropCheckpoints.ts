import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../files/syncFolder.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { Store } from '../../store/store.ts';
import type { PlannedRun } from './plannedRun.ts';

/**
 * Removes the checkpoint `best` of a run that is over: its weights and class centres are in the files of the run, and
 * they are what judging, exports and Try read. `last` stays for --extend. A run that is trained but still to be judged
 * keeps both. The checkpoint leaves its place in one step: whoever is interrupted leaves a whole workspace.
 */
export async function dropCheckpoints(store: Store, { id, role }: Pick<PlannedRun, 'id' | 'role'>): Promise<void> {
  const status = store.run(id)?.status;
  const isOver = status === 'done' || (status === 'trained' && role === 'tuning'); // tuning is judged by val only
  const { filesOfRun, removing } = workspaceFolders(store.workspace);
  const { checkpoints, weights, head } = filesOfRun(id);
  const best = join(checkpoints, 'best');
  if (!isOver || ![best, join(checkpoints, 'last'), weights, head].every((path) => existsSync(path))) return;
  const doomed = join(removing, `${id}-best`);
  try {
    await rm(doomed, { recursive: true, force: true });
    await mkdir(removing, { recursive: true, mode: 0o700 });
    await rename(best, doomed);
    await syncFolder(checkpoints);
    await rm(doomed, { recursive: true, force: true });
    await rm(removing, { recursive: true, force: true });
  } catch {
    // What permissions protect stays. It takes room and does no other harm.
  }
}
