import { stat } from 'node:fs/promises';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { readDatasetEdits, type DatasetEdits } from '../../../src-shared/datasetEdits.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import type { Dataset } from '../../data/dataset.ts';
import { readDatasetFile } from '../../data/datasetFile.ts';
import { editDataset, editedPictures, type EditedPicture } from '../../data/editDataset.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { DatasetRow } from '../../store/datasets.ts';
import type { Store } from '../../store/store.ts';

const datasetsKept = 4;
const picturesKept = 2_000_000; // of all datasets in memory; the latest one may have more

/** The data section of a plan by which a dataset was imported. */
export const dataOf = (row: DatasetRow): Plan['data'] =>
  experimentSchema.parse({ data: row.data ?? { source: row.source } }).data;

/** What a data section says of its faces: their licence is no part of what is imported. */
export const withoutLicence = ({ licence: _, ...data }: Plan['data']): Plan['data'] => data;

/** A dataset as imported, every picture of it with what was changed by hand, and what is left to train on. */
export interface EditedDataset {
  readonly base: Dataset;
  readonly edits: DatasetEdits;
  readonly pictures: readonly EditedPicture[];
  readonly dataset: Dataset;
}

/** Reads the image lists of datasets, the last few from memory. */
export function datasetLibrary({ store }: { readonly store: Pick<Store, 'workspace' | 'datasets' | 'dataset'> }) {
  const recent = new Map<string, { readonly changed: number; readonly text: string | null } & EditedDataset>();
  const { dataset: fileOf } = workspaceFolders(store.workspace);
  /** When a list was written: another thread writes corrections into it. */
  const changeOf = (hash: string) =>
    stat(fileOf(hash)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  const forgetOldest = () => {
    const picturesIn = () => [...recent.values()].reduce((sum, { pictures }) => sum + pictures.length, 0);
    for (const oldest of [...recent.keys()].slice(0, -1))
      if (recent.size > datasetsKept || picturesIn() > picturesKept) recent.delete(oldest);
  };
  return {
    async edited(hash: string): Promise<EditedDataset> {
      const changed = await changeOf(hash);
      const known = recent.get(hash);
      const isCurrent = known?.changed === changed;
      const base = isCurrent ? known.base : await readDatasetFile(store.workspace, hash);
      const text = store.dataset(hash)?.edits ?? null; // last: an edit that came meanwhile counts
      const entry =
        isCurrent && known.text === text ? known : { changed, text, ...applied(base, readDatasetEdits(text)) };
      recent.delete(hash);
      recent.set(hash, entry);
      forgetOldest();
      return entry;
    },
    /** A dataset without what was excluded by hand. */
    async dataset(hash: string): Promise<Dataset> {
      return (await this.edited(hash)).dataset;
    },
    /** The dataset that was imported by a data section. Throws 'wrong-input' where none was. */
    async datasetOf(data: Plan['data']): Promise<Dataset> {
      return (await this.editedOf(data)).dataset;
    },
    /** The same with every picture as it was imported. Throws 'wrong-input' where none was. */
    async editedOf(data: Plan['data']): Promise<EditedDataset> {
      const wanted = JSON.stringify(withoutLicence(data));
      const row = store.datasets().find((entry) => JSON.stringify(withoutLicence(dataOf(entry))) === wanted);
      if (!row)
        throw new ArcBenchError(
          'wrong-input',
          `The faces of ${data.source} are not imported yet: import them first, in Datasets.`,
        );
      return await this.edited(row.hash);
    },
  };
}
function applied(base: Dataset, edits: DatasetEdits): EditedDataset {
  const pictures = editedPictures(base, edits);
  return { base, edits, pictures, dataset: editDataset(base, edits, pictures) };
}
export type DatasetLibrary = ReturnType<typeof datasetLibrary>;
