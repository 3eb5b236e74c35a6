import { join } from 'node:path';
import { hashFiles } from '../../../files/hashFiles.ts';
import { checkpointBefore, isLeftover, workspaceFolders } from '../../../files/workspaceFolders.ts';
import type { RunRow } from '../../../store/store.ts';
import { readCheckpoint, type Checkpoint } from '../../../train/checkpoint.ts';
import { pointLogOf, writePoints } from '../../../train/pointLog.ts';
import { comparePoints } from '../../experiment/restorePoints.ts';
import { addLeftovers } from './checkLeftovers.ts';
import { namesIn, sentenceOf, type WorkspaceCheck } from './faultList.ts';

/** Verifies what the store and the folders hold of every run, and adds folders of runs that the store does not know. */
export async function checkRuns(check: WorkspaceCheck): Promise<void> {
  const { store, faults, onProgress } = check;
  const { area, run: folderOf, filesOfRun } = workspaceFolders(store.workspace);
  for (const run of store.runs()) {
    onProgress(`run ${run.id}`);
    await addLeftovers(check, folderOf(run.id));
    await addLeftovers(check, filesOfRun(run.id).snapshots);
    const last = await checkCheckpoints(check, filesOfRun(run.id).checkpoints);
    if (last) await faults.unlessUnread(pointLogOf(folderOf(run.id)), async () => await checkPoints(check, run, last));
    checkDigest(check, run);
    await checkArtefacts(check, run);
  }
  for (const name of await namesIn(area('runs')))
    if (!store.run(name) && !isLeftover(name))
      await faults.addRemovable(join(area('runs'), name), 'The store knows no such run.');
}

const hasEnded = ({ status }: RunRow): boolean => status === 'trained' || status === 'done';

/** Reads the checkpoints of a run and returns the newest whole one. */
async function checkCheckpoints({ faults }: WorkspaceCheck, folder: string): Promise<Checkpoint | null> {
  let last: Checkpoint | null = null;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if (checkpointBefore(name) !== null) continue; // it takes its name back when the run is resumed
    if (isLeftover(name)) {
      await faults.addRemovable(path, 'This is a leftover of a checkpoint that was cut off.');
      continue;
    }
    try {
      const checkpoint = readCheckpoint(path);
      if (last === null || checkpoint.position.step >= last.position.step) last = checkpoint;
    } catch (error) {
      if (!faults.addUnread(path, error)) faults.add(path, `${sentenceOf(error)} Resume takes the one before it.`);
    }
  }
  return last;
}

/** Compares the points of the store with those of the run's log. */
async function checkPoints(
  { store, faults, repair }: WorkspaceCheck,
  { id }: RunRow,
  checkpoint: Checkpoint,
): Promise<void> {
  const folder = workspaceFolders(store.workspace).run(id);
  const copies = comparePoints(store, { id, folder, checkpoint });
  if (copies === null) return;
  const { held, lost, unlogged, missing, damaged } = copies;
  if (missing > 0)
    return faults.add(
      pointLogOf(folder),
      `Neither the database nor this file holds all points of run ${id}: where it is resumed, it is trained ` +
        'again from the start.',
    );
  if (lost.length === 0 && unlogged.length === 0 && damaged === 0) return;
  if (repair) {
    if (lost.length > 0) store.addPoints(lost.map((point) => ({ run: id, ...point })));
    await writePoints(folder, [...held, ...lost]);
  }
  faults.add(
    pointLogOf(folder),
    `The database and this second copy do not hold the same points of run ${id}, and none is lost. ` +
      `${repair ? 'Both were made whole.' : '--repair makes both whole.'}`,
    repair,
  );
}

/** Compares what the store holds of a run that has ended with the hash that it was given then. */
function checkDigest({ store, faults }: WorkspaceCheck, run: RunRow): void {
  const digest = store.result(run.id, 'digest');
  if (digest === null || !hasEnded(run) || digest === store.digest(run.id)) return;
  faults.add(
    workspaceFolders(store.workspace).database,
    `What the database holds of run ${run.id} is not what was written: do not use it; restore the database ` +
      'from a copy, or delete the run and train it again.',
  );
}

/** Compares the files of a run with their hashes. The snapshots of a run that has not ended may still grow. */
async function checkArtefacts({ store, faults }: WorkspaceCheck, run: RunRow): Promise<void> {
  for (const { kind, path, sha256 } of store.artefacts(run.id)) {
    const found = await hashFiles(path).catch((error: unknown) => (faults.addUnread(path, error) ? 'unread' : null));
    if (found === 'unread') continue;
    if (found === null) faults.add(path, `The ${kind} of run ${run.id} is gone: delete the run and train it again.`);
    else if (sha256 !== null && found !== sha256 && (hasEnded(run) || kind !== 'snapshots'))
      faults.add(
        path,
        `The ${kind} of run ${run.id} is not the one that was written: do not use it; delete the run and ` +
          'train it again.',
      );
  }
}
