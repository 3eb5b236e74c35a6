import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readDatasetFile } from '../../../data/datasetFile.ts';
import { readPreparedIndex, verifyPackedImages } from '../../../data/preparedSet.ts';
import { readUnfinishedSet, removeUnfinishedSet, unfinishedFolderOf } from '../../../data/unfinishedSet.ts';
import { duplicatesFileIn, hasDamagedDuplicates } from '../../../split/knownDuplicates.ts';
import { isLeftover, workspaceFolders } from '../../../files/workspaceFolders.ts';
import { uploadOf } from '../deleteUpload.ts';
import { stoppedPreparations } from '../sweepLeftovers.ts';
import { namesIn, type WorkspaceCheck } from './faultList.ts';

/** Verifies the lists of datasets. */
export async function checkDatasets({ store, faults }: WorkspaceCheck): Promise<void> {
  for (const { hash } of store.datasets()) {
    try {
      await readDatasetFile(store.workspace, hash);
    } catch (error) {
      const path = workspaceFolders(store.workspace).dataset(hash);
      await faults.addDamaged(path, error, 'The list of a dataset is not whole; import the dataset again.');
    }
  }
}

/** Adds uploads that no dataset uses any more: faces that nobody can see or delete on a screen. */
export async function checkUploads({ store, faults }: WorkspaceCheck): Promise<void> {
  const uploads = workspaceFolders(store.workspace).area('uploads');
  const used = new Set(store.datasets().map(({ source }) => uploadOf(store.workspace, source)));
  for (const name of await namesIn(uploads)) {
    const upload = join(uploads, name);
    if (!isLeftover(name) && !used.has(upload))
      await faults.addRemovable(
        upload,
        'These uploaded pictures belong to no dataset.',
        'upload them again to use them',
      );
  }
}

/** Verifies the pixels of prepared sets. */
export async function checkPreparedSets({ store, faults, onProgress }: WorkspaceCheck): Promise<void> {
  const { area, preparedSet } = workspaceFolders(store.workspace);
  for (const name of await namesIn(area('prepared'))) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    onProgress(`prepared set ${name.slice(0, 12)}`);
    try {
      await verifyPackedImages(preparedSet(name), readPreparedIndex(preparedSet(name)));
    } catch (error) {
      await faults.addDamaged(preparedSet(name), error);
    }
    const duplicates = duplicatesFileIn(preparedSet(name));
    await faults.unlessUnread(duplicates, async () => {
      if (hasDamagedDuplicates(preparedSet(name)))
        await faults.addRemovable(
          duplicates,
          'The list of duplicates is not whole; the next run searches for them again.',
        );
    });
  }
}

/** Verifies preparations that were stopped. The next run mends them in any case: it goes on, or removes them. */
export async function checkUnfinishedSets({ store, faults, repair, onProgress }: WorkspaceCheck): Promise<void> {
  for (const { set, over } of await stoppedPreparations(store.workspace)) {
    onProgress(`the unfinished set ${basename(set).slice(0, 12)}`);
    await faults.unlessUnread(unfinishedFolderOf(set), async () => {
      const sentence = over ? sentenceOfOver(set) : await sentenceOfDamage(set);
      if (sentence === null) return;
      if (repair) await removeUnfinishedSet(set);
      faults.add(unfinishedFolderOf(set), `${sentence}${repair ? ' It was removed.' : ''}`, true);
    });
  }
}

const sentenceOfOver = (set: string): string =>
  existsSync(set)
    ? 'This is a leftover of a preparation that is done; the next run removes it.'
    : 'This preparation was stopped more than a week ago; the next run removes it.';

async function sentenceOfDamage(set: string): Promise<string | null> {
  const { batches, damaged } = await readUnfinishedSet(set);
  if (!damaged) return null;
  const made = batches.reduce((sum, batch) => sum + batch.rows.length, 0);
  return `This preparation that was stopped is damaged after ${made} images; it goes on from there.`;
}
