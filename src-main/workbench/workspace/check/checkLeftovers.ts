import { join } from 'node:path';
import { isOwn } from '../../../files/ownPath.ts';
import { isLeftover, workspaceAreas, workspaceFolders } from '../../../files/workspaceFolders.ts';
import { namesIn, type WorkspaceCheck } from './faultList.ts';

/** Adds what writers that died left in the areas of the workspace. */
export async function checkLeftovers(check: WorkspaceCheck): Promise<void> {
  for (const area of workspaceAreas) await addLeftovers(check, workspaceFolders(check.store.workspace).area(area));
}

/** Adds the leftovers that lie in one folder. */
export async function addLeftovers({ faults }: WorkspaceCheck, folder: string): Promise<void> {
  for (const name of await namesIn(folder))
    if (isLeftover(name) && isOwn(join(folder, name)))
      await faults.addRemovable(join(folder, name), 'This is a leftover of a write that was cut off.');
    else if (isLeftover(name))
      faults.add(join(folder, name), 'This is named like a leftover of ArcBench, but is not one: move it away.');
}
