import { join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Dataset } from '../../data/dataset.ts';
import { foldersOf, outsideReason } from '../../data/outsideReason.ts';
import { journalName, rememberedFaces } from '../../data/rememberedFaces.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { StageOptions } from './stage.ts';

const sideBySide = 4; // one is searched while others are decoded

/**
 * Looks for faces in the pictures of a dataset that have no landmarks. What is found is remembered by the content of
 * the pictures, and taken by every preparation with prepare.alignment: detect. Throws 'cancelled'.
 */
export async function findFaces(
  { store, roots, signal, progress }: Pick<StageOptions, 'store' | 'roots' | 'signal' | 'progress'>,
  {
    hash,
    dataset,
  }: { /** Under which the dataset is in the list. */ readonly hash: string; readonly dataset: Dataset },
): Promise<void> {
  const pictures = dataset.images.filter(({ landmarks }) => landmarks === undefined);
  const folders = foldersOf(dataset, roots);
  const finder = rememberedFaces(join(workspaceFolders(store.workspace).area('prepared'), journalName));
  progress.stage(`Looking for faces in ${pictures.length} pictures`);
  try {
    for (let first = 0; first < pictures.length; first += sideBySide) {
      if (signal.aborted)
        throw new ArcBenchError(
          'cancelled',
          `The search for faces was stopped after ${first} of ${pictures.length} pictures, and what was found is ` +
            'kept: start it again to go on from there.',
        );
      const batch = pictures.slice(first, first + sideBySide);
      await Promise.all(
        batch.map(async (image) => {
          if ((await outsideReason(image.path, folders)) === null) await finder.find(image);
        }),
      );
      progress.step({ done: first + batch.length, total: pictures.length, note: 'pictures' });
    }
  } finally {
    finder.close();
  }
  store.markFacesFound(hash);
}
