import { stat } from 'node:fs/promises';
import { fileState, isSameState } from '../../data/fileState.ts';
import type { LinkedPicture } from '../../split/splitFolders.ts';
import type { StageOptions } from './stage.ts';

const filesAtATime = 256;

/**
 * Says to the store that pictures changed only by being linked, so that the next import need not read them again. Call
 * this when the folders of the split are in place.
 */
export async function rememberLinked(
  store: Pick<StageOptions['store'], 'picture' | 'savePictures'>,
  linked: readonly LinkedPicture[],
): Promise<void> {
  for (let first = 0; first < linked.length; first += filesAtATime) {
    const batch = linked.slice(first, first + filesAtATime);
    const states = await Promise.all(batch.map(({ path }) => stat(path).then(fileState, () => null)));
    const same = batch.flatMap(({ path, before }, index) => {
      const known = store.picture(path);
      const now = states[index];
      if (!known || !now || !isSameState(known, before)) return [];
      return isSameState({ ...now, changed: before.changed }, before) ? [{ ...known, changed: now.changed }] : [];
    });
    if (same.length > 0) store.savePictures(same);
  }
}
