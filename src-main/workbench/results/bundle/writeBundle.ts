import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import { hashFiles } from '../../../files/hashFiles.ts';
import { refuseTaken, writeNewFolder } from '../../../files/newTarget.ts';
import { workspaceFolders } from '../../../files/workspaceFolders.ts';
import { writeSynced } from '../../../files/writeWhole.ts';
import { renderReport } from '../../../report/renderReport.ts';
import { judgedRuns, type ReportModel } from '../../../report/reportModel.ts';
import { sumsName } from '../../../report/writeReport.ts';
import type { Store } from '../../../store/store.ts';
import { reportOf, type ReportSource } from '../reportOf.ts';
import { bundleNames } from './bundleNames.ts';

export interface WrittenBundle {
  readonly folder: string;
  readonly runs: number;
  readonly files: number;
  /** SHA-256 of SHA256SUMS, which stands for the whole bundle. */
  readonly sha256: string;
}

/**
 * Writes what the numbers of a report rest on into a new folder, whole or not at all: the report, the model that it is
 * written from (with plan, curves and predictions), the embeddings of every judged run, the manifests of the splits,
 * and the SHA-256 of each file. Throws 'wrong-input' where the folder is there already or no run has been judged.
 */
export async function writeBundle(store: Store, source: ReportSource, target: string): Promise<WrittenBundle> {
  const folder = resolve(target);
  refuseTaken(folder);
  const model = await reportOf(store, source);
  const runs = model.plan.arms.flatMap(({ name }) => judgedRuns(model, name));
  if (runs.length === 0)
    throw new ArcBenchError('wrong-input', 'No run of this experiment is done yet: run it to its end first.');
  let files: readonly string[] = [];
  await writeNewFolder(folder, async (temporary) => {
    await writeReportFiles(temporary, model);
    for (const { id } of runs) await copyRun(store, id, join(temporary, bundleNames.runs, id));
    await copyManifests(store, runs, join(temporary, bundleNames.splits));
    files = await filesBelow(temporary);
    const sums = await Promise.all(files.map(async (file) => `${await hashFiles(join(temporary, file))}  ${file}\n`));
    await writeSynced(join(temporary, sumsName), sums.join(''));
  });
  const sums = await readFile(join(folder, sumsName));
  return { folder, runs: runs.length, files: files.length, sha256: createHash('sha256').update(sums).digest('hex') };
}

/** The model as JSON, and the report that this text gives: numbers that JSON cannot hold are null in both. */
async function writeReportFiles(folder: string, model: ReportModel): Promise<void> {
  const text = JSON.stringify(model);
  await writeSynced(join(folder, bundleNames.model), text);
  await mkdir(join(folder, bundleNames.report));
  for (const [name, content] of renderReport(JSON.parse(text) as ReportModel))
    await writeSynced(join(folder, bundleNames.report, name), content);
}

async function copyRun(store: Store, id: string, target: string): Promise<void> {
  const { embeddings, labels } = workspaceFolders(store.workspace).filesOfRun(id);
  if (!existsSync(embeddings) || !existsSync(labels))
    throw new ArcBenchError(
      'damaged',
      `The embeddings of run ${id} are gone from the workspace: delete the run and train it again.`,
    );
  await mkdir(target, { recursive: true });
  await cp(embeddings, join(target, bundleNames.embeddings));
  await cp(labels, join(target, bundleNames.labels));
}

/** The manifests of the splits that runs were trained on, as far as their folders are there. */
async function copyManifests(store: Store, runs: readonly { readonly id: string }[], target: string): Promise<void> {
  for (const hash of new Set(runs.flatMap(({ id }) => store.run(id)?.splitHash ?? []))) {
    const manifest = join(workspaceFolders(store.workspace).split(hash), 'manifest.json');
    if (!existsSync(manifest)) continue;
    await mkdir(target, { recursive: true });
    await cp(manifest, join(target, `${hash.slice(0, 16)}.json`));
  }
}

/** The files below a folder by their paths with slashes, sorted; without SHA256SUMS. */
export const filesBelow = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => file !== sumsName)
    .sort();
