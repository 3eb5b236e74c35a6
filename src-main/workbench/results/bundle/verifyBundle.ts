import { existsSync } from 'node:fs';
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
  if (!existsSync(join(folder, sumsName)) || !existsSync(join(folder, bundleNames.model)))
    throw new ArcBenchError(
      'wrong-input',
      `${folder} is no bundle: a folder that \`arcbench bundle <experiment> <folder>\` wrote was expected.`,
    );
  const problems: string[] = [];
  const files = await checkHashes(folder, problems);
  const model = await modelIn(folder, problems);
  if (!model) return { folder, problems, files, rewritten: 0, runs: [] };
  const rewritten = await checkReport(folder, model, problems);
  const runs = judgedRunsIn(model, problems).map((run): VerifiedRun => {
    const name = `${run.arm}, seed ${run.seed}`;
    try {
      const { numbers, leftOut } = recomputeRun(folder, model, run);
      for (const { name: of, recorded, computed, tolerance } of numbers)
        if (!(Math.abs(recorded - computed) <= tolerance))
          problems.push(`${name}: the ${of} is ${recorded} in the report, and ${computed} by its embeddings.`);
      return { id: run.id, name, numbers: numbers.length, leftOut };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(`${name} cannot be computed again: ${reason}.`);
      return { id: run.id, name, numbers: 0, leftOut: [] };
    }
  });
  return { folder, problems, files, rewritten, runs };
}

/** Compares every file with SHA256SUMS; returns how many are as they were. */
async function checkHashes(folder: string, problems: string[]): Promise<number> {
  const sums = await readFile(join(folder, sumsName), 'utf8');
  const expected = new Map(
    sums
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  const found = await filesBelow(folder);
  let whole = 0;
  for (const file of new Set([...expected.keys(), ...found])) {
    if (!found.includes(file)) problems.push(`${file} is missing.`);
    else if (!expected.has(file)) problems.push(`${file} does not belong to the bundle.`);
    else if ((await hashFiles(join(folder, file)).catch(ifGone(file, null))) !== expected.get(file))
      problems.push(`${file} is not the one that was written.`);
    else whole++;
  }
  return whole;
}

async function modelIn(folder: string, problems: string[]): Promise<ReportModel | null> {
  try {
    return JSON.parse(await readFile(join(folder, bundleNames.model), 'utf8')) as ReportModel;
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
    return model.plan.arms.flatMap(({ name }) => judgedRuns(model, name));
  } catch {
    problems.push(`${bundleNames.model} does not hold the runs of a report.`);
    return [];
  }
}

/** Writes the report again in memory; returns how many of its files are the same. */
async function checkReport(folder: string, model: ReportModel, problems: string[]): Promise<number> {
  let rendered: Map<string, string>;
  try {
    rendered = renderReport(model);
  } catch {
    problems.push(`The report cannot be written again from ${bundleNames.model}.`);
    return 0;
  }
  let same = 0;
  for (const [name, content] of rendered) {
    const written = await readFile(join(folder, bundleNames.report, name), 'utf8').catch(ifGone(name, null));
    if (written === content) same++;
    else problems.push(`${bundleNames.report}/${name} is not what ${bundleNames.model} gives.`);
  }
  return same;
}
