import { existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { ReportDetails, ReportSummary } from '../../../src-shared/api.ts';
import { isLeftover, workspaceFolders } from '../../files/workspaceFolders.ts';
import type { StageOptions } from '../experiment/stage.ts';
import { quietly, type CallContext, type CallsOf } from './callContext.ts';

const textName = 'report.md';

export function reportCalls({ store, tell, workInThread }: CallContext): CallsOf<'reports'> {
  const { area, report: folderOf } = workspaceFolders(store.workspace);
  const summary = async (planHash: string): Promise<ReportSummary> => {
    const path = join(folderOf(planHash), textName);
    if (!existsSync(path))
      throw new ArcBenchError('wrong-input', `There is no report ${planHash}: run its experiment to the end first.`);
    // The heading of the text is escaped for Markdown, the plan's name is not.
    return {
      planHash,
      title: store.plan(store.planHashOf(planHash) ?? '')?.name ?? planHash,
      writtenAt: (await stat(path)).mtime.toISOString(),
    };
  };
  const wholeHash = (beginning: string): string => {
    const hash = store.planHashOf(beginning);
    if (hash === null)
      throw new ArcBenchError(
        'wrong-input',
        `There is no plan ${beginning} in the workspace: run its experiment first.`,
      );
    return hash;
  };
  const show = async (planHash: string): Promise<ReportDetails> => ({
    ...(await summary(planHash)),
    markdown: await readFile(join(folderOf(planHash), textName), 'utf8'),
    folder: folderOf(planHash),
    files: (await readdir(folderOf(planHash))).filter((name) => name !== textName).sort(),
    remarks: store.remarks(wholeHash(planHash)),
  });
  const write = async (planHash: string): Promise<ReportDetails> => {
    const hash = wholeHash(planHash);
    const plan = store.plan(hash);
    const origin = store
      .runs(hash)
      .map((run) => store.result(run.id, 'origin') as Pick<StageOptions, 'baseFolder' | 'rerunCommand'> | null)
      .find((found) => found !== null);
    if (!plan || !origin)
      throw new ArcBenchError(
        'wrong-input',
        `The plan ${planHash} has no runs in the workspace: run its experiment first.`,
      );
    await workInThread({ kind: 'report', plan, ...origin }, quietly);
    tell({ event: 'reports.changed', payload: { planHash } });
    return await show(planHash);
  };
  return {
    'reports.list': async () => {
      const names = (await readdir(area('reports'))).filter(
        (name) => !isLeftover(name) && existsSync(join(area('reports'), name, textName)),
      );
      return (await Promise.all(names.map(summary))).sort((a, b) => b.writtenAt.localeCompare(a.writtenAt));
    },
    'reports.show': ({ planHash }) => show(planHash),
    'reports.write': ({ planHash }) => write(planHash),
    'reports.remark': async ({ planHash, section, text }) => {
      store.saveRemark(wholeHash(planHash), section, text);
      return await write(planHash);
    },
  };
}
