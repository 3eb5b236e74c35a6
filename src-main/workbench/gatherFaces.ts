import type { Dataset } from '../data/dataset.ts';
import { importDataset } from '../data/importDataset.ts';
import { prepareDataset } from '../data/prepareDataset.ts';
import type { Detection, PreparedSet } from '../data/preparedSet.ts';
import { renderSyntheticFaces } from '../data/syntheticFaces.ts';
import { checkStop, pathFrom, type StageOptions } from './stage.ts';

export const peopleOf = (images: readonly { readonly identity: string }[]): number => new Set(images.map((image) => image.identity)).size;

/** Imports the plan's faces (for 'demo', after rendering them); nothing is copied or changed. */
export async function importFaces(options: StageOptions): Promise<Dataset> {
  const { store, plan, progress, signal } = options;
  const { workspace } = store;
  const isDemo = plan.data.source === 'demo';
  progress.stage(isDemo ? 'Drawing and importing the demo faces' : 'Importing faces');
  const resolvedSource = isDemo
    ? await renderSyntheticFaces(plan.data.demo, { workspace, onProgress: (done, total) => progress.step({ done, total, note: 'demo faces' }), shouldStop: () => signal.aborted })
    : pathFrom(options.baseFolder, plan.data.source);
  const found = await importDataset({ ...plan.data, resolvedSource }, { workspace, signal });
  const dataset: Dataset = isDemo ? { ...found, layout: 'demo' } : found;
  store.saveDataset({ hash: dataset.hash, source: dataset.source, layout: dataset.layout, images: dataset.images.length, people: peopleOf(dataset.images), rejected: dataset.rejected });
  checkStop(options);
  return dataset;
}

/** Aligns, crops and packs an imported dataset. */
export async function prepareFaces(options: StageOptions, dataset: Dataset): Promise<PreparedSet> {
  const { store, plan, progress, signal } = options;
  progress.stage(`Preparing ${dataset.images.length} images of ${peopleOf(dataset.images)} people`);
  const set = await prepareDataset(dataset, plan.prepare, { workspace: store.workspace, signal, onProgress: (done, total) => progress.step({ done, total, note: 'images' }) });
  const rejected = [...dataset.rejected, ...set.rejected];
  store.saveDataset({ hash: dataset.hash, source: dataset.source, layout: dataset.layout, images: set.count, people: peopleOf(set.images), rejected });
  for (const { path, reason } of rejected.slice(0, 5)) progress.notice(`Left out ${path}: ${reason}`);
  if (set.detection) progress.notice(describeDetection(set.detection));
  if (rejected.length > 5) progress.notice(`… and ${rejected.length - 5} more; the report lists them.`);
  checkStop(options);
  return set;
}

const describeDetection = ({ pictures, withFace, withSeveral }: Detection): string =>
  `A face was found in ${withFace} of ${pictures} pictures${withSeveral === 0 ? '' : `, several in ${withSeveral}, where the largest was taken`}.`;
