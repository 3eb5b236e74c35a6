import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { editedSet } from '../../data/editedSet.ts';
import { alignmentInWords, preparedFolder } from '../../data/prepareDataset.ts';
import { openPreparedSet, type PreparedSet } from '../../data/preparedSet.ts';
import type { Store } from '../../store/store.ts';
import type { DatasetLibrary, EditedDataset } from '../experiment/datasetLibrary.ts';

type Faces = Pick<Plan, 'data' | 'prepare'>;
export interface SplitSet {
  readonly set: PreparedSet;
  readonly edited: EditedDataset;
  /** Whether the set is a view of faces that were prepared before the latest changes by hand. */
  readonly isView: boolean;
}

/**
 * The prepared faces that are split. Where pictures were excluded or people renamed since they were prepared, they are
 * a view of the faces that are there, so that the split shows the change at once.
 */
export function splitSets(store: Pick<Store, 'workspace'>, library: DatasetLibrary) {
  let last: PreparedSet | null = null; // sliders ask for one set again and again
  let whole: { readonly of: string; readonly set: PreparedSet } | null = null; // the last that was not a view
  const opened = (folder: string): PreparedSet => {
    if (last?.folder === folder && !last.places) return last;
    last = whole = null; // two sets of millions of pictures are never held at a time
    return openPreparedSet(folder);
  };
  const viewed = ({ dataset }: EditedDataset, { data, prepare }: Faces, folder: string): PreparedSet | null => {
    const hash = basename(folder);
    if (last?.hash === hash) return last;
    last = null;
    const ofImported = preparedFolder(store.workspace, dataset.base ?? dataset, prepare);
    const viewOf = (source: PreparedSet): PreparedSet | null =>
      editedSet(source, dataset, {
        hash,
        alignment: alignmentInWords(dataset, prepare),
        byLandmarks: prepare.alignment !== 'centreCrop' && prepare.alignment !== 'whole',
      });
    return (
      (whole?.of === JSON.stringify([data, prepare]) ? viewOf(whole.set) : null) ??
      (existsSync(ofImported) ? viewOf(openPreparedSet(ofImported)) : null)
    );
  };
  return async (faces: Faces): Promise<SplitSet> => {
    const edited = await library.editedOf(faces.data);
    const folder = preparedFolder(store.workspace, edited.dataset, faces.prepare);
    const isPrepared = existsSync(folder);
    const set = isPrepared ? opened(folder) : viewed(edited, faces, folder);
    if (set === null)
      throw new ArcBenchError(
        'wrong-input',
        `The faces of ${faces.data.source} are not prepared at ${faces.prepare.inputSize} pixels yet: ` +
          'prepare them first.',
      );
    last = set;
    if (isPrepared) whole = { of: JSON.stringify([faces.data, faces.prepare]), set };
    return { set, edited, isView: !isPrepared };
  };
}
