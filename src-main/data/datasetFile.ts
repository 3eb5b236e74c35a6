import { readFile } from 'node:fs/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { checkedBody, checksummed } from '../files/checksummed.ts';
import { storedPaths } from '../files/storedPaths.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { writeWhole } from '../files/writeWhole.ts';
import type { Dataset } from './dataset.ts';
import { readFault } from '../files/readFault.ts';

/**
 * Keeps the list of a dataset's images in the workspace, under the hash of its first import. The images can then be
 * shown without a walk through the source. Paths below the workspace are kept relative to it.
 */
export const saveDatasetFile = (workspace: string, dataset: Dataset, name = dataset.hash): Promise<void> => {
  const { base: _, ...own } = dataset; // it has a list of its own
  return writeWhole(
    workspaceFolders(workspace).dataset(name),
    checksummed(JSON.stringify(withPaths(own, storedPaths(workspace).stored))),
  );
};

/** The dataset as it was imported. Throws 'damaged' if the workspace has no whole list of it. */
export async function readDatasetFile(workspace: string, hash: string): Promise<Dataset> {
  try {
    const text = await readFile(workspaceFolders(workspace).dataset(hash), 'utf8');
    // The first version wrote no checksum.
    const dataset = JSON.parse(text.startsWith('{') ? text : checkedBody(text)) as Dataset;
    return withPaths(dataset, storedPaths(workspace).opened);
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

/** A dataset with its paths changed. */
function withPaths(dataset: Dataset, change: (path: string) => string): Dataset {
  const of = <T extends { readonly path: string }>(entries: readonly T[]): T[] =>
    entries.map((entry) => ({ ...entry, path: change(entry.path) }));
  return {
    ...dataset,
    source: change(dataset.source),
    images: of(dataset.images),
    rejected: of(dataset.rejected),
  };
}
