import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetDetails } from '../../../src-shared/answers/datasetAnswers.ts';
import type { FaceImage } from '../../data/dataset.ts';
import type { FoundFaces } from '../../data/faceFinder.ts';
import { journalName, readFoundFaces } from '../../data/rememberedFaces.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';

/** The faces that a detector found in a picture without landmarks; null if it has landmarks or was not searched. */
export type FoundFacesOf = (image: FaceImage) => FoundFaces | null;

/** Reads what the detector found in the pictures of a workspace, from memory until there is more. */
export function foundFacesOf(workspace: string): () => FoundFacesOf {
  const journal = join(workspaceFolders(workspace).area('prepared'), journalName);
  let read = '';
  let known: ReadonlyMap<string, FoundFaces> = new Map();
  return () => {
    const state = statSync(journal, { throwIfNoEntry: false });
    const now = state ? `${state.size} ${state.mtimeMs}` : '';
    if (now !== read) [read, known] = [now, readFoundFaces(journal)];
    return ({ landmarks, contentHash }) =>
      landmarks === undefined && contentHash !== undefined ? (known.get(contentHash) ?? null) : null;
  };
}

/** In how many pictures without landmarks a face was looked for, and found. */
export function countFound(
  images: readonly FaceImage[],
  foundIn: FoundFacesOf,
): Pick<DatasetDetails['detection'], 'pictures' | 'searched' | 'withFace' | 'withSeveral'> {
  const found = images.flatMap((image) => foundIn(image) ?? []);
  return {
    pictures: images.filter(({ landmarks }) => landmarks === undefined).length,
    searched: found.length,
    withFace: found.filter(({ faces }) => faces > 0).length,
    withSeveral: found.filter(({ faces }) => faces > 1).length,
  };
}
