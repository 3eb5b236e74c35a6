import { readFile } from 'node:fs/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { checkedBody, checksummed } from '../files/checksummed.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { writeWhole } from '../files/writeWhole.ts';
import type { Dataset } from './dataset.ts';

/**
 * Keeps the list of a dataset's images in the workspace, under the hash of its first import. The images can then be
 * shown without a walk through the source.
 */
export const saveDatasetFile = (workspace: string, dataset: Dataset, name = dataset.hash): Promise<void> =>
  writeWhole(workspaceFolders(workspace).dataset(name), checksummed(JSON.stringify(dataset)));

/** The dataset as it was imported. Throws 'wrong-input' if the workspace has no list of it. */
export async function readDatasetFile(workspace: string, hash: string): Promise<Dataset> {
  try {
    const text = await readFile(workspaceFolders(workspace).dataset(hash), 'utf8');
    // The first version wrote no checksum.
    return JSON.parse(text.startsWith('{') ? text : checkedBody(text)) as Dataset;
  } catch (cause) {
    throw new ArcBenchError(
      'wrong-input',
      `The list of images of dataset ${hash.slice(0, 12)} is damaged or not in the workspace: import the ` +
        'dataset again.',
      { cause },
    );
  }
}
