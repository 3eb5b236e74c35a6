import { existsSync } from 'node:fs';
import { cp, open, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { pathOfRun, storedPaths } from '../../files/storedPaths.ts';
import { hashFiles } from '../../files/hashFiles.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { writeWholeFolder } from '../../files/writeWhole.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import { withStore } from './taskStates.ts';

/**
 * Copies a run with its files and rows from another workspace, which stays as it is. Throws 'damaged' where a file is
 * not the one that was written.
 */
export async function joinRun(
  store: Store,
  { id, workspace }: { readonly id: string; readonly workspace: string },
): Promise<void> {
  const { record, digest, plan } = withStore(workspace, (other) => ({
    record: other.record(id) as RunRecord,
    digest: other.digest(id),
    plan: other.plan(other.run(id)?.planHash ?? ''),
  }));
  if ((record.results['digest'] ?? digest) !== digest)
    throw new ArcBenchError(
      'damaged',
      `What the database of ${workspace} holds of run ${id} is not what was written: train the run again.`,
    );
  const source = workspaceFolders(workspace).run(id);
  const target = workspaceFolders(store.workspace).run(id);
  if (!existsSync(source))
    throw new ArcBenchError('damaged', `The files of run ${id} are gone from ${workspace}: train it again.`);
  const { stored } = storedPaths(store.workspace);
  const moved = (path: string) => stored(pathOfRun(resolve(target), id, path));
  const artefacts = record.artefacts.map((artefact) => ({ ...artefact, path: moved(artefact.path) }));
  const summary = (record.results['summary'] ?? null) as TrainedSummary | null;
  const results =
    summary === null
      ? record.results
      : {
          ...record.results,
          summary: {
            ...summary,
            artefacts: Object.fromEntries(Object.entries(summary.artefacts).map(([kind, path]) => [kind, moved(path)])),
          },
        };
  await writeWholeFolder(target, async (temporary) => {
    await cp(source, temporary, { recursive: true });
    await syncFiles(temporary);
    for (const { kind, path, sha256 } of artefacts) {
      if (sha256 !== null && (await hashFiles(pathOfRun(temporary, id, path))) !== sha256)
        throw new ArcBenchError(
          'damaged',
          `The ${kind} of run ${id} in ${workspace} is not the one that was written: train the run again.`,
        );
    }
  });
  store.atomically(() => {
    if (plan) store.savePlan(record.run.planHash, plan);
    store.saveRecord({ ...record, artefacts, results });
    // the digest covers paths, and they are different here
    if (record.results['digest'] !== undefined) store.saveResult(id, 'digest', store.digest(id));
  });
}

async function syncFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name), 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
