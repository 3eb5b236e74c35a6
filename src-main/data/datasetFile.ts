import { setImmediate } from 'node:timers/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { checkedLines, writeCheckedLines } from '../files/checkedLines.ts';
import { storedPaths } from '../files/storedPaths.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { readFault } from '../files/readFault.ts';
import type { Dataset } from './dataset.ts';
import { listedLines, listReader } from './listedPictures.ts';

/**
 * Keeps the list of a dataset's images in the workspace, under the hash of its first import. The images can then be
 * shown without a walk through the source. Paths below the workspace are kept relative to it. The first line holds what
 * is true of the whole dataset; a line for each picture follows, so that no list is too long.
 */
export const saveDatasetFile = (workspace: string, dataset: Dataset, name = dataset.hash): Promise<void> => {
  const { base: _, source, ...own } = dataset; // the base has a list of its own
  const { stored } = storedPaths(workspace);
  return writeCheckedLines(
    workspaceFolders(workspace).dataset(name),
    listedLines({ source: stored(source), ...own }, stored),
  );
};

/** The dataset as it was imported. Throws 'damaged' if the workspace has no whole list of it. */
export async function readDatasetFile(workspace: string, hash: string): Promise<Dataset> {
  try {
    const { opened } = storedPaths(workspace);
    const reader = listReader<Dataset>(opened);
    for (const lines of checkedLines(workspaceFolders(workspace).dataset(hash))) {
      reader.read(lines);
      await setImmediate(); // others get their turn in a long list
    }
    const dataset = reader.whole();
    return { ...dataset, source: opened(dataset.source) };
  } catch (cause) {
    throw (
      readFault(cause, workspaceFolders(workspace).dataset(hash)) ??
      new ArcBenchError(
        'damaged',
        `The list of images of dataset ${hash.slice(0, 12)} is damaged or not in the workspace: import the ` +
          'dataset again.',
        { cause },
      )
    );
  }
}
