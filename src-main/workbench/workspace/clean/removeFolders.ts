import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Cleaned } from '../../../../src-shared/answers/systemAnswers.ts';
import { isOwn } from '../../../files/ownPath.ts';
import { syncFolder } from '../../../files/syncFolder.ts';
import { workspaceFolders } from '../../../files/workspaceFolders.ts';
import type { Store } from '../../../store/store.ts';
import { findRemovable, type RemovableFolder } from './findRemovable.ts';

/**
 * Removes what `findRemovable` names, as far as its ids are chosen. It is looked for again first, so that nothing is
 * removed that has come into use. A folder leaves its place in one step before its files are deleted: whoever is
 * interrupted leaves a whole workspace, and the next one sweeps the rest. The caller is the workspace's only writer.
 */
export async function removeFolders(
  store: Store,
  chosen: readonly string[],
  onRemove: (title: string, done: number) => void = () => undefined,
): Promise<Cleaned> {
  await sweepRemoved(store.workspace);
  const wanted = new Set(chosen);
  const folders = (await findRemovable(store)).filter(({ id }) => wanted.has(id));
  const removed: RemovableFolder[] = [];
  const kept: { title: string; reason: string }[] = [];
  for (const folder of folders) {
    onRemove(folder.title, removed.length + kept.length);
    try {
      await removeFolder(store.workspace, folder.path);
      removed.push(folder);
    } catch (error) {
      kept.push({ title: folder.title, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  await sweepRemoved(store.workspace);
  return { removed: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0), kept };
}

async function removeFolder(workspace: string, path: string): Promise<void> {
  const { removing } = workspaceFolders(workspace);
  await mkdir(removing, { recursive: true, mode: 0o700 });
  // A run's checkpoints all have one name.
  const doomed = join(removing, `${basename(dirname(path))}-${basename(path)}`);
  await rename(path, doomed);
  await syncFolder(dirname(path));
  await rm(doomed, { recursive: true, force: true });
}

/** Deletes what a removal that was interrupted had taken out of its place. */
export async function sweepRemoved(workspace: string): Promise<void> {
  const { removing } = workspaceFolders(workspace);
  if (isOwn(removing)) await rm(removing, { recursive: true, force: true }).catch(() => undefined);
}
