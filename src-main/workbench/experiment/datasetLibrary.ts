import { stat } from 'node:fs/promises';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import type { Dataset } from '../../data/dataset.ts';
import { readDatasetFile } from '../../data/datasetFile.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { DatasetRow } from '../../store/datasets.ts';
import type { Store } from '../../store/store.ts';

const datasetsKept = 4;

/** The data section of a plan by which a dataset was imported. */
export const dataOf = (row: DatasetRow): Plan['data'] =>
  experimentSchema.parse({ data: row.data ?? { source: row.source } }).data;

/** What a data section says of its faces: their licence is no part of what is imported. */
export const withoutLicence = ({ licence: _, ...data }: Plan['data']): Plan['data'] => data;

/** Reads the image lists of datasets, the last few from memory. */
export function datasetLibrary({ store }: { readonly store: Pick<Store, 'workspace' | 'datasets'> }) {
  const recent = new Map<string, { readonly changed: number; readonly dataset: Dataset }>();
  const { dataset: fileOf } = workspaceFolders(store.workspace);
  /** When a list was written: another thread writes corrections into it. */
  const changeOf = (hash: string) =>
    stat(fileOf(hash)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  return {
    async dataset(hash: string): Promise<Dataset> {
      const changed = await changeOf(hash);
      const known = recent.get(hash);
      const dataset = known?.changed === changed ? known.dataset : await readDatasetFile(store.workspace, hash);
      recent.delete(hash);
      recent.set(hash, { changed, dataset });
      for (const oldest of [...recent.keys()].slice(0, -datasetsKept)) recent.delete(oldest);
      return dataset;
    },
    /** The dataset that was imported by a data section. Throws 'wrong-input' where none was. */
    async datasetOf(data: Plan['data']): Promise<Dataset> {
      const wanted = JSON.stringify(withoutLicence(data));
      const row = store.datasets().find((entry) => JSON.stringify(withoutLicence(dataOf(entry))) === wanted);
      if (!row)
        throw new ArcBenchError(
          'wrong-input',
          `The faces of ${data.source} are not imported yet: import them first, in Datasets.`,
        );
      return await this.dataset(row.hash);
    },
  };
}
export type DatasetLibrary = ReturnType<typeof datasetLibrary>;
