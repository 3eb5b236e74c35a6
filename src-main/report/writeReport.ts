import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renderReport } from './renderReport.ts';
import type { ReportModel } from './reportModel.ts';

/** Writes report.md with its charts and tables into a folder, whole or not at all. */
export async function writeReport(model: ReportModel, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const temporary = `${folder}.writing-${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  for (const [name, content] of renderReport(model)) {
    const file = await open(join(temporary, name), 'wx');
    await file.writeFile(content);
    await file.sync();
    await file.close();
  }
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
}
