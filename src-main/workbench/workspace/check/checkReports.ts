import { join } from 'node:path';
import { isLeftover, workspaceFolders } from '../../../files/workspaceFolders.ts';
import { verifyReport } from '../../../report/writeReport.ts';
import { namesIn, type WorkspaceCheck } from './faultList.ts';

/** Verifies the files of reports. */
export async function checkReports({ store, faults }: WorkspaceCheck): Promise<void> {
  const reports = workspaceFolders(store.workspace).area('reports');
  for (const name of await namesIn(reports)) {
    if (isLeftover(name)) continue;
    await faults.unlessUnread(join(reports, name), async () => {
      const [problem, ...more] = await verifyReport(join(reports, name));
      if (problem === undefined) return;
      const others = more.length > 0 ? ` and ${more.length} more` : '';
      await faults.addRemovable(join(reports, name), `The report is not whole (${problem}${others}).`);
    });
  }
}
