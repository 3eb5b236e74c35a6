import { existsSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { readDatasetFile } from '../../data/datasetFile.ts';
import { hashFiles } from '../../files/hashFiles.ts';
import { readPreparedIndex, verifyPackedImages } from '../../data/preparedSet.ts';
import { readUnfinishedSet, removeUnfinishedSet, unfinishedFolderOf } from '../../data/unfinishedSet.ts';
import { verifyReport } from '../../report/writeReport.ts';
import { verifySplitFolders } from '../../split/splitFolders.ts';
import type { Store } from '../../store/store.ts';
import { readCheckpoint, type Checkpoint } from '../../train/checkpoint.ts';
import { pointLogOf, writePoints } from '../../train/pointLog.ts';
import { comparePoints } from '../experiment/restorePoints.ts';
import { leftover, stoppedPreparations, writtenWhole } from './sweepLeftovers.ts';
import { runFolderOf, snapshotFolderOf } from '../experiment/trainArms.ts';

/** Something of a workspace that is not whole: what, and what mends it. */
export interface WorkspaceFault {
  readonly path: string;
  readonly message: string;
  /** Whether it was mended, or will be made anew by the next run. */
  readonly mended: boolean;
}

/**
 * Verifies every file of a workspace against its hash and the store's tables against one another. With `repair`,
 * leftovers of broken
 * writes are swept and damaged files that can be made anew (prepared sets, split folders) are removed, so that the next
 * run makes them.
 */
export async function checkWorkspace(
  store: Store,
  { repair, onProgress }: { readonly repair: boolean; readonly onProgress: (what: string) => void },
): Promise<readonly WorkspaceFault[]> {
  const { workspace } = store;
  const faults: WorkspaceFault[] = [];
  const add = (path: string, message: string, mended = false) => faults.push({ path, message, mended });
  const removable = async (path: string, message: string) => {
    const held = repair
      ? await rm(path, { recursive: true, force: true }).then(
          () => null,
          (error: unknown) => error,
        )
      : null;
    if (held !== null)
      return void add(
        path,
        `${message} It cannot be removed: change the permissions of ` +
          `${held instanceof Error && 'path' in held ? dirname(String(held.path)) : path}, and repair again.`,
      );
    add(
      path,
      `${message}${repair ? ' It was removed, and the next run makes it anew.' : ' --repair removes it, and the next run makes it anew.'}`,
      repair,
    );
  };
  const namesIn = async (folder: string) => (existsSync(folder) ? (await readdir(folder)).sort() : []);

  onProgress('the database');
  for (const problem of store.integrityProblems())
    add(join(workspace, 'arcbench.db'), `The database has a fault (${problem}): bring it back from a copy.`);

  for (const area of writtenWhole) {
    for (const name of await namesIn(join(workspace, area)))
      if (leftover.test(name))
        await removable(join(workspace, area, name), 'This is a leftover of a write that was cut off.');
  }
  for (const { hash } of store.datasets()) {
    const path = join(workspace, 'datasets', `${hash}.json`);
    const whole = await readDatasetFile(workspace, hash).then(
      () => true,
      () => false,
    );
    if (!whole) await removable(path, 'The list of a dataset is not whole; import the dataset again.');
  }
  for (const name of (await namesIn(join(workspace, 'prepared'))).filter((entry) => /^[0-9a-f]{64}$/.test(entry))) {
    const folder = join(workspace, 'prepared', name);
    onProgress(`prepared set ${name.slice(0, 12)}`);
    try {
      await verifyPackedImages(folder, readPreparedIndex(folder));
    } catch (error) {
      await removable(folder, sentenceOf(error));
    }
  }
  for (const { set, over } of await stoppedPreparations(workspace)) {
    onProgress(`the unfinished set ${basename(set).slice(0, 12)}`);
    const { batches, damaged } = over ? { batches: [], damaged: false } : await readUnfinishedSet(set);
    if (!over && !damaged) continue;
    if (repair) await removeUnfinishedSet(set);
    const made = batches.reduce((sum, batch) => sum + batch.rows.length, 0);
    add(
      unfinishedFolderOf(set),
      `${existsSync(set) ? 'This is a leftover of a preparation that is done; the next run removes it.' : over ? 'This preparation was stopped more than a week ago; the next run removes it.' : `This preparation that was stopped is damaged after ${made} images; it goes on from there.`}${repair ? ' It was removed.' : ''}`,
      true,
    );
  }
  for (const name of await namesIn(join(workspace, 'splits'))) {
    const folder = join(workspace, 'splits', name);
    if (leftover.test(name)) continue;
    onProgress(`split ${name}`);
    const known = store.split(name);
    const manifest = await readFile(join(folder, 'manifest.json')).catch(() => null);
    const problems =
      manifest === null
        ? ['manifest.json cannot be read.']
        : await verifySplitFolders(folder).catch(() => ['manifest.json cannot be read.']);
    if (known && manifest && createHash('sha256').update(manifest).digest('hex') !== known.manifestHash)
      problems.push('manifest.json is not the one that the store knows.');
    if (problems.length > 0)
      await removable(
        folder,
        `The split's folders are not whole ` +
          `(${problems[0]}${problems.length > 1 ? ` and ${problems.length - 1} more` : ''}).`,
      );
  }
  for (const run of store.runs()) {
    onProgress(`run ${run.id}`);
    const folder = runFolderOf(store, run.id);
    for (const within of [folder, snapshotFolderOf(store, run.id)]) {
      for (const name of await namesIn(within))
        if (leftover.test(name)) await removable(join(within, name), 'This is a leftover of a write that was cut off.');
    }
    let last: Checkpoint | null = null;
    for (const name of await namesIn(join(folder, 'checkpoints'))) {
      const path = join(folder, 'checkpoints', name);
      if (leftover.test(name)) {
        // A whole one whose name is free takes it back when the run is resumed.
        if (!name.startsWith('.old-')) await removable(path, 'This is a leftover of a checkpoint that was cut off.');
        continue;
      }
      try {
        const checkpoint = readCheckpoint(path);
        if (last === null || checkpoint.position.step >= last.position.step) last = checkpoint;
      } catch (error) {
        add(path, `${sentenceOf(error)} Resume takes the one before it.`);
      }
    }
    const copies = last && comparePoints(store, { id: run.id, folder, checkpoint: last });
    if (copies && copies.missing > 0)
      add(
        pointLogOf(folder),
        `Neither the database nor this file holds all points of run ${run.id}: where it is resumed, it is ` +
          'trained again from the start.',
      );
    else if (copies && (copies.lost.length > 0 || copies.unlogged.length > 0 || copies.damaged > 0)) {
      if (repair) {
        if (copies.lost.length > 0) store.addPoints(copies.lost.map((point) => ({ run: run.id, ...point })));
        await writePoints(folder, [...copies.held, ...copies.lost]);
      }
      add(
        pointLogOf(folder),
        `The database and this second copy do not hold the same points of run ${run.id}, and none is lost. ` +
          `${repair ? 'Both were made whole.' : '--repair makes both whole.'}`,
        repair,
      );
    }
    const hasEnded = run.status === 'trained' || run.status === 'done';
    const digest = store.result(run.id, 'digest');
    if (digest !== null && hasEnded && digest !== store.digest(run.id))
      add(
        join(workspace, 'arcbench.db'),
        `What the database holds of run ${run.id} is not what was written: do not use it; bring the database ` +
          'back from a copy, or delete the run and train it again.',
      );
    for (const { kind, path, sha256 } of store.artefacts(run.id)) {
      const found = await hashFiles(path).catch(() => null);
      if (found === null) add(path, `The ${kind} of run ${run.id} is gone: delete the run and train it again.`);
      else if (sha256 !== null && found !== sha256 && (hasEnded || kind !== 'snapshots'))
        add(
          path,
          `The ${kind} of run ${run.id} is not the one that was written: do not use it; delete the run and ` +
            'train it again.',
        );
    }
  }
  for (const name of await namesIn(join(workspace, 'runs')))
    if (!store.run(name) && !leftover.test(name))
      await removable(join(workspace, 'runs', name), 'The store knows no such run.');
  for (const name of await namesIn(join(workspace, 'reports'))) {
    if (leftover.test(name)) continue;
    const [problem, ...more] = await verifyReport(join(workspace, 'reports', name));
    if (problem !== undefined)
      await removable(
        join(workspace, 'reports', name),
        `The report is not whole (${problem}${more.length > 0 ? ` and ${more.length} more` : ''}).`,
      );
  }
  return faults;
}

const sentenceOf = (error: unknown) =>
  error instanceof ArcBenchError ? error.message : error instanceof Error ? `${error.message}.` : String(error);
