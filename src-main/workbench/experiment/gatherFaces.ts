import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { adviceSentence, photographAdvice } from '../../../src-shared/advice.ts';
import { readDatasetEdits } from '../../../src-shared/datasetEdits.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { photographsAmong } from '../../../src-shared/photographs.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import type { Dataset, Rejected } from '../../data/dataset.ts';
import { saveDatasetFile } from '../../data/datasetFile.ts';
import { editDataset } from '../../data/editDataset.ts';
import { importDataset } from '../../data/importDataset.ts';
import type { HeaderMemory } from '../../data/pictureHeader.ts';
import { preparedFolder, prepareDataset } from '../../data/prepareDataset.ts';
import type { Detection, PreparedSet } from '../../data/preparedSet.ts';
import { renderSyntheticFaces } from '../../data/syntheticFaces.ts';
import { refuseFullDisk } from '../estimate/refuseFullDisk.ts';
import { demoBytes, packedBytes } from '../estimate/startDisk.ts';
import { uploadOf } from '../workspace/deleteUpload.ts';
import { sweepLeftovers } from '../workspace/sweepLeftovers.ts';
import { countPeople } from './countPeople.ts';
import { datasetLibrary, withoutLicence } from './datasetLibrary.ts';
import { editedList } from './editedList.ts';
import { presentSource } from './presentSource.ts';
import { checkStop, pathFrom, type PathBase, type StageOptions } from './stage.ts';

/**
 * Imports the plan's faces (for 'demo', after rendering them); nothing is copied or changed. What was excluded or
 * renamed by hand in Datasets holds for the dataset that is returned. `isNew` is what the user just sent or chose: an
 * upload of pictures that the list has already is then deleted. What an experiment names is never.
 */
export async function importFaces(options: StageOptions, { isNew = false } = {}): Promise<Dataset> {
  const { store, plan, progress, signal } = options;
  const { workspace } = store;
  const isDemo = plan.data.source === 'demo';
  refuseFullDisk(workspace, demoBytes(workspace, plan.data), 'The demo pictures');
  progress.stage(isDemo ? 'Drawing and importing the demo faces' : 'Importing faces');
  const resolvedSource = isDemo
    ? await renderSyntheticFaces(plan.data.demo, {
        workspace,
        onProgress: paced(progress, 'demo faces'),
        shouldStop: () => signal.aborted,
      })
    : presentSource(options);
  const found = await importDataset(
    { ...plan.data, resolvedSource },
    { workspace, signal, roots: options.roots, headers: headersIn(store), onProgress: paced(progress, 'files') },
  );
  const imported: Dataset = isDemo ? { ...found, layout: 'demo' } : found;
  const listed = isNew ? await listedAlready(options, imported) : null;
  if (listed) return listed;
  await saveDatasetFile(workspace, imported);
  saveRow(options, imported, imported);
  const dataset = editDataset(imported, readDatasetEdits(store.dataset(imported.hash)?.edits ?? null));
  if (dataset !== imported) {
    saveRow(options, dataset, dataset);
    await saveDatasetFile(workspace, dataset, editedList(dataset));
  }
  for (const advice of photographAdvice(plan, photographsAmong(dataset.images)))
    progress.notice(`Advice: ${adviceSentence(advice, reportTexts('en'))}`);
  checkStop(options);
  return dataset;
}

/**
 * The dataset of the list that has the very pictures of a new upload, which is then deleted: as one dataset they would
 * have one source, and whoever forgot it would leave the other or lose what is not uploaded. Null where there is none.
 */
async function listedAlready({ store, progress }: StageOptions, imported: Dataset): Promise<Dataset | null> {
  const upload = uploadOf(store.workspace, imported.source);
  const row = store.dataset(imported.hash);
  if (upload === null || row === null || row.source === imported.source || !existsSync(row.source)) return null;
  const dataset = await datasetLibrary({ store })
    .dataset(row.hash)
    .catch(() => null);
  if (dataset === null) return null; // its list cannot be read: the upload gives a new one
  const isUsed = store.datasets().some(({ source }) => uploadOf(store.workspace, source) === upload);
  if (!isUsed) await rm(upload, { recursive: true, force: true });
  progress.notice(
    `These pictures are in the list already: ${row.source}. That dataset stays as it is` +
      `${isUsed ? '.' : ', and the uploaded copies were deleted.'}`,
  );
  return dataset;
}

/** Shows a stage's steps with their rate since the first of them. */
function paced({ step }: StageOptions['progress'], what: string): (done: number, total: number) => void {
  let first: { readonly done: number; readonly at: number } | null = null;
  return (done, total) => {
    first ??= { done, at: performance.now() };
    const seconds = (performance.now() - first.at) / 1000;
    step({
      done,
      total,
      note: done > first.done && seconds > 0 ? `${what}, ${((done - first.done) / seconds).toFixed(0)} img/s` : what,
    });
  };
}

/** Remembers the headers of pictures in the store. */
export const headersIn = (store: Pick<StageOptions['store'], 'picture' | 'savePictures'>): HeaderMemory => ({
  known: store.picture,
  keep: store.savePictures,
});

/** The data section of a plan with an absolute source, by which a dataset is found again. */
export const absoluteData = ({
  plan,
  ...base
}: PathBase & Pick<StageOptions, 'plan'>): StageOptions['plan']['data'] => ({
  ...withoutLicence(plan.data),
  source: plan.data.source === 'demo' ? 'demo' : pathFrom(base, plan.data.source),
});

function saveRow(
  options: StageOptions,
  { hash, base, source, layout }: Dataset,
  {
    images,
    rejected,
  }: { readonly images: readonly { readonly identity: string }[]; readonly rejected: readonly Rejected[] },
): void {
  options.store.saveDataset({
    hash: base?.hash ?? hash,
    source,
    layout,
    images: images.length,
    people: countPeople(images),
    rejected,
    data: absoluteData(options),
  });
}

/** Aligns, crops and packs an imported dataset. */
export async function prepareFaces(options: StageOptions, dataset: Dataset): Promise<PreparedSet> {
  const { store, plan, progress, signal } = options;
  sayExcluded(options, dataset);
  await sweepLeftovers(store.workspace);
  for (const line of dataset.understood?.split('\n') ?? []) progress.notice(line);
  const isPrepared = existsSync(preparedFolder(store.workspace, dataset, plan.prepare));
  const bytes = isPrepared ? 0 : packedBytes(dataset.images.length, plan.prepare);
  refuseFullDisk(store.workspace, bytes, 'The prepared faces');
  progress.stage(`Preparing ${dataset.images.length} images of ${countPeople(dataset.images)} people`);
  const prepared = await prepareDataset(dataset, plan.prepare, {
    workspace: store.workspace,
    signal,
    roots: options.roots,
    onResume: (sentence) => progress.notice(sentence),
    onProgress: paced(progress, 'images'),
  });
  const set = withExcluded(prepared, dataset);
  const rejected = [...dataset.rejected, ...set.rejected];
  const imported = dataset.base ?? dataset;
  // Landmarks were set by hand since the import: the corrected dataset takes the place of the imported one.
  if (store.dataset(imported.hash) === null) await saveDatasetFile(store.workspace, imported);
  saveRow(options, dataset, { images: set.images, rejected });
  for (const { path, reason } of rejected.slice(0, 5)) progress.notice(`Left out ${path}: ${reason}`);
  if (set.detection) progress.notice(describeDetection(set.detection));
  if (rejected.length > 5) progress.notice(`… and ${rejected.length - 5} more; the report lists them.`);
  checkStop(options);
  return set;
}

/** A prepared set that names what was excluded from its dataset by hand. */
export const withExcluded = (set: PreparedSet, { excluded }: Pick<Dataset, 'excluded'>): PreparedSet =>
  excluded ? { ...set, excluded } : set;

/** Says what was excluded by hand. Throws 'wrong-input' if fewer than two people are left. */
function sayExcluded({ progress }: StageOptions, { source, images, excluded }: Dataset): void {
  if (!excluded) return;
  const people = countPeople(images);
  if (people < 2)
    throw new ArcBenchError(
      'wrong-input',
      `${people === 0 ? 'Everybody' : 'Everybody but one person'} in ${source} was excluded by hand: two people or ` +
        'more were expected; include some again in Datasets.',
    );
  const pictures = `${excluded.length} ${excluded.length === 1 ? 'picture was' : 'pictures were'}`;
  progress.notice(`${pictures} excluded by hand in Datasets, and the report lists them.`);
}

const describeDetection = ({ pictures, withFace, withSeveral }: Detection): string =>
  `A face was found in ${withFace} of ${pictures} ` +
  `pictures${withSeveral === 0 ? '' : `, several in ${withSeveral}, where the largest was taken`}.`;
