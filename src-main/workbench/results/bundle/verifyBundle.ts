import { lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import { hashFiles } from '../../../files/hashFiles.ts';
import { renderReport } from '../../../report/renderReport.ts';
import { judgedRuns, type ReportModel, type ReportRun } from '../../../report/reportModel.ts';
import { sumsName } from '../../../report/writeReport.ts';
import { bundleNames } from './bundleNames.ts';
import { recomputeRun } from './recomputeRun.ts';
import { filesBelow } from './writeBundle.ts';
import { ifGone, readFault } from '../../../files/readFault.ts';

export interface VerifiedBundle {
  readonly folder: string;
  /** What is wrong, in sentences; empty where all is as it was written. */
  readonly problems: readonly string[];
  /** Files whose SHA-256 is as it was. */
  readonly files: number;
  /** Files of the report that were written again, byte for byte. */
  readonly rewritten: number;
  /** Judged numbers of each run that were computed again. */
  readonly runs: readonly VerifiedRun[];
}
interface VerifiedRun {
  readonly id: string;
  readonly name: string;
  /** How many numbers were computed again. */
  readonly numbers: number;
  /** What was not, in sentences. */
  readonly leftOut: readonly string[];
}

/**
 * Verifies a bundle without pictures, weights or a network: the SHA-256 of every file, the report from its model, and
 * the judged numbers from embeddings and predictions. Throws 'wrong-input' where the folder is no bundle.
 */
export async function verifyBundle(target: string): Promise<VerifiedBundle> {
  const folder = resolve(target);
  if (!isRegular(join(folder, sumsName)) || !isRegular(join(folder, bundleNames.model)))
    throw new ArcBenchError(
      'wrong-input',
      `${folder} is no bundle: a folder that \`arcbench bundle <experiment> <folder>\` wrote was expected.`,
    );
  const problems: string[] = [];
  const entries = new Set(await filesBelow(folder));
  const found = new Set([...entries].filter((entry) => isRegular(join(folder, entry))));
  const files = await checkHashes(folder, { entries, found }, problems);
  const model = await modelIn(folder, problems);
  if (!model) return { folder, problems, files, rewritten: 0, runs: [] };
  const rewritten = await checkReport(folder, { model, found }, problems);
  const runs = judgedRunsIn(model, problems).map((run): VerifiedRun => {
    const name = `${run.arm}, seed ${run.seed}`;
    try {
      for (const file of [bundleNames.embeddings, bundleNames.labels])
        if (!found.has(`${bundleNames.runs}/${run.id}/${file}`)) throw new Error(`its ${file} is not in the bundle`);
      const { numbers, leftOut } = recomputeRun(folder, model, run);
      for (const { name: of, recorded, computed, tolerance } of numbers)
        if (!(Math.abs(recorded - computed) <= tolerance))
          problems.push(`${name}: the ${of} is ${recorded} in the report, and ${computed} by its embeddings.`);
      return { id: run.id, name, numbers: numbers.length, leftOut };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(`${name} cannot be computed again: ${reason.replace(/\.$/, '')}.`);
      return { id: run.id, name, numbers: 0, leftOut: [] };
    }
  });
  return { folder, problems, files, rewritten, runs };
}

const noRuns = `${bundleNames.model} does not hold the runs of a report.`;

/** Whether a path is a file itself: a link may lead out of the bundle, and a pipe would be waited for. */
const isRegular = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The SHA-256 of each file by its name, as SHA256SUMS has them. */
async function namedHashes(folder: string, problems: string[]): Promise<ReadonlyMap<string, string>> {
  const expected = new Map<string, string>();
  const lines = (await readFile(join(folder, sumsName), 'utf8')).split('\n');
  for (const [at, line] of lines.entries()) {
    if (line === '') continue;
    const [, hash, file] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (hash === undefined || file === undefined)
      problems.push(`Line ${at + 1} of ${sumsName} is not a SHA-256, two blanks and a name.`);
    else if (expected.has(file)) problems.push(`${sumsName} names ${file} more than once.`);
    else expected.set(file, hash);
  }
  return expected;
}

/** Compares every file with SHA256SUMS; returns how many are as they were. */
async function checkHashes(
  folder: string,
  { entries, found }: { readonly entries: ReadonlySet<string>; readonly found: ReadonlySet<string> },
  problems: string[],
): Promise<number> {
  const expected = await namedHashes(folder, problems);
  let whole = 0;
  for (const file of new Set([...expected.keys(), ...entries])) {
    if (!entries.has(file)) problems.push(`${file} is missing.`);
    else if (!found.has(file)) problems.push(`${file} is no regular file, and was not read.`);
    else if (!expected.has(file)) problems.push(`${file} does not belong to the bundle.`);
    else if ((await hashFiles(join(folder, file)).catch(ifGone(file, null))) !== expected.get(file))
      problems.push(`${file} is not the one that was written.`);
    else whole++;
  }
  return whole;
}

async function modelIn(folder: string, problems: string[]): Promise<ReportModel | null> {
  try {
    const model = JSON.parse(await readFile(join(folder, bundleNames.model), 'utf8')) as ReportModel | null;
    if (typeof model === 'object' && model !== null) return model;
    problems.push(noRuns);
    return null;
  } catch (error) {
    const fault = readFault(error, join(folder, bundleNames.model));
    if (fault) throw fault;
    problems.push(`${bundleNames.model} is not whole.`);
    return null;
  }
}

/** The judged runs of a model. One that was altered may be valid JSON, and yet no model. */
function judgedRunsIn(model: ReportModel, problems: string[]): readonly ReportRun[] {
  try {
    const runs = model.plan.arms.flatMap(({ name }) => judgedRuns(model, name));
    if (runs.length === 0) problems.push(noRuns);
    return runs;
  } catch {
    problems.push(noRuns);
    return [];
  }
}

/** Writes the report again in memory; returns how many of its files are the same. */
async function checkReport(
  folder: string,
  { model, found }: { readonly model: ReportModel; readonly found: ReadonlySet<string> },
  problems: string[],
): Promise<number> {
  let rendered: Map<string, string>;
  try {
    rendered = renderReport(model);
  } catch {
    problems.push(`The report cannot be written again from ${bundleNames.model}.`);
    return 0;
  }
  let same = 0;
  for (const [name, content] of rendered) {
    const isThere = found.has(`${bundleNames.report}/${name}`);
    const written = isThere ? await readFile(join(folder, bundleNames.report, name), 'utf8') : null;
    if (written === content) same++;
    else problems.push(`${bundleNames.report}/${name} is not what ${bundleNames.model} gives.`);
  }
  return same;
}
