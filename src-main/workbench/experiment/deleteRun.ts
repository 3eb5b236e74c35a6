import { rmSync } from 'node:fs';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { refuseFixed } from '../../files/writeWhole.ts';
import type { Store } from '../../store/store.ts';
import { noSuchRun } from './noSuchRun.ts';

/**
 * Removes a run, its points and its files. Throws 'wrong-input' where there is no such run or its files may not be
 * removed; nothing is removed then.
 */
export function deleteRun(store: Store, id: string): void {
  if (!store.run(id)) throw noSuchRun(id);
  const folder = workspaceFolders(store.workspace).run(id);
  refuseFixed(folder, `The files of run ${id} cannot be removed`);
  store.deleteRun(id); // first, so that the store never names files that are gone
  rmSync(folder, { recursive: true, force: true });
}
