import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { Store } from '../../store/store.ts';
import { checkDatasets, checkPreparedSets, checkUploads, checkUnfinishedSets } from './check/checkFaces.ts';
import { checkLeftovers } from './check/checkLeftovers.ts';
import { checkPeople } from './check/checkPeople.ts';
import { checkReports } from './check/checkReports.ts';
import { checkRuns } from './check/checkRuns.ts';
import { checkSplits } from './check/checkSplits.ts';
import { faultList, type WorkspaceCheck, type WorkspaceFault } from './check/faultList.ts';

export type { WorkspaceFault } from './check/faultList.ts';

/**
 * Verifies every file of a workspace against its hash, and the store's tables against one another. With `repair`,
 * leftovers of broken writes are removed, and so are damaged files that the next run can make again (prepared sets,
 * folders of splits).
 */
export async function checkWorkspace(
  store: Store,
  { repair, onProgress }: Pick<WorkspaceCheck, 'repair' | 'onProgress'>,
): Promise<readonly WorkspaceFault[]> {
  const check: WorkspaceCheck = { store, repair, onProgress, faults: faultList(repair) };
  checkDatabase(check);
  await checkLeftovers(check);
  await checkDatasets(check);
  await checkUploads(check);
  await checkPreparedSets(check);
  await checkUnfinishedSets(check);
  await checkSplits(check);
  await checkRuns(check);
  await checkReports(check);
  await checkPeople(check);
  return check.faults.all;
}

function checkDatabase({ store, faults, onProgress }: WorkspaceCheck): void {
  onProgress('the database');
  const { database } = workspaceFolders(store.workspace);
  for (const problem of store.integrityProblems())
    faults.add(database, `The database has a fault (${problem}): restore it from a copy.`);
}
