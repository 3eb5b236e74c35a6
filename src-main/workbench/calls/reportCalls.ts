import { existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { ReportDetails, ReportSummary } from '../../../src-shared/answers/reportAnswers.ts';
import { isLeftover, reportId, workspaceFolders } from '../../files/workspaceFolders.ts';
import type { RunRow } from '../../store/store.ts';
import { originOf } from '../experiment/originOf.ts';
import { readRunFaces, runDataOf } from '../experiment/runFaces.ts';
import { quietly, type CallContext, type CallsOf } from './callContext.ts';

const textName = 'report.md';
const planBeginning = 12; // characters of a plan's hash in the name of its report

export function reportCalls({ store, tell, workInThread }: CallContext): CallsOf<'reports'> {
  const { area, report: folderOf } = workspaceFolders(store.workspace);
  const preparedOf = (run: RunRow): string => readRunFaces(store, run.id)?.prepared ?? '';
  /** The runs of a report. One of an older version, named by its plan only, is that of the newest data. */
  const runsOf = (id: string): readonly RunRow[] => {
    const runs = store.runs(store.planHashOf(id.slice(0, planBeginning)) ?? '');
    if (id.length > planBeginning) return runs.filter((run) => reportId(run.planHash, preparedOf(run)) === id);
    const newest = runs.at(-1);
    return newest ? runs.filter((run) => preparedOf(run) === preparedOf(newest)) : [];
  };
  const summary = async (id: string): Promise<ReportSummary> => {
    const path = join(folderOf(id), textName);
    if (!existsSync(path))
      throw new ArcBenchError('wrong-input', `There is no report ${id}: run its experiment to the end first.`);
    const planHash = id.slice(0, planBeginning);
    const [run] = id.length > planBeginning ? runsOf(id) : [];
    // The heading of the text is escaped for Markdown, the plan's name is not.
    return {
      id,
      planHash,
      data: run ? runDataOf(store, run.id) : null,
      title: store.plan(store.planHashOf(planHash) ?? '')?.name ?? planHash,
      writtenAt: (await stat(path)).mtime.toISOString(),
    };
  };
  const show = async (id: string): Promise<ReportDetails> => {
    const found = await summary(id);
    const [run] = runsOf(id);
    return {
      ...found,
      markdown: await readFile(join(folderOf(id), textName), 'utf8'),
      folder: folderOf(id),
      files: (await readdir(folderOf(id))).filter((name) => name !== textName).sort(),
      remarks: run ? store.remarks(run.planHash, preparedOf(run)) : {},
    };
  };
  const runOf = (id: string): RunRow => {
    const [run] = runsOf(id);
    if (!run)
      throw new ArcBenchError(
        'wrong-input',
        `The report ${id} has no runs in the workspace: run its experiment first.`,
      );
    return run;
  };
  const write = async (id: string): Promise<ReportDetails> => {
    const run = runOf(id);
    const plan = store.plan(run.planHash);
    const origin = runsOf(id)
      .map((own) => originOf(store, own.id))
      .find((found) => found !== null);
    if (!plan || !origin)
      throw new ArcBenchError(
        'wrong-input',
        `The plan of the report ${id} is not in the workspace: run its experiment first.`,
      );
    await workInThread({ kind: 'report', run: run.id, plan, ...origin }, quietly);
    const written = reportId(run.planHash, preparedOf(run));
    tell({ event: 'reports.changed', payload: { id: written } });
    return await show(written);
  };
  return {
    'reports.list': async () => {
      const names = (await readdir(area('reports'))).filter(
        (name) => !isLeftover(name) && existsSync(join(area('reports'), name, textName)),
      );
      return (await Promise.all(names.map(summary))).sort((a, b) => b.writtenAt.localeCompare(a.writtenAt));
    },
    'reports.show': ({ id }) => show(id),
    'reports.write': ({ id }) => write(id),
    'reports.remark': async ({ id, section, text }) => {
      const run = runOf(id);
      store.saveRemark({ planHash: run.planHash, data: preparedOf(run), section }, text);
      return await write(id);
    },
  };
}
