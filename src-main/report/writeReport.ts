import { join } from 'node:path';
import { writeSynced, writeWholeFolder } from '../data/writeWhole.ts';
import { renderReport } from './renderReport.ts';
import type { ReportModel } from './reportModel.ts';

/** Writes report.md with its charts and tables into a folder, whole or not at all. Throws 'no-space'. */
export async function writeReport(model: ReportModel, folder: string): Promise<void> {
  const files = renderReport(model);
  await writeWholeFolder(folder, async (temporary) => {
    for (const [name, content] of files) await writeSynced(join(temporary, name), content);
  });
}
