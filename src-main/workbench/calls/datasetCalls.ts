import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import type {
  DatasetDetails,
  DatasetPerson,
  DatasetSummary,
  Picture,
} from '../../../src-shared/answers/datasetAnswers.ts';
import { readDatasetEdits } from '../../../src-shared/datasetEdits.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import { faceFilter } from '../../../src-shared/faceFilter.ts';
import { partNames } from '../../../src-shared/splitSchema.ts';
import { naturalOrder, naturalPlaces } from '../../../src-shared/naturalOrder.ts';
import { mayHoldFaces } from '../../../src-shared/photographs.ts';
import type { Dataset, FaceImage } from '../../data/dataset.ts';
import type { FoundFaces } from '../../data/faceFinder.ts';
import { saveDatasetFile } from '../../data/datasetFile.ts';
import type { EditedPicture } from '../../data/editDataset.ts';
import { importDataset } from '../../data/importDataset.ts';
import { correctLandmarks, landmarkCorrections } from '../../data/landmarkCorrections.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { DatasetRow } from '../../store/datasets.ts';
import { countPeople } from '../experiment/countPeople.ts';
import { dataOf, type DatasetLibrary, type EditedDataset } from '../experiment/datasetLibrary.ts';
import { headersIn } from '../experiment/gatherFaces.ts';
import { countFound, foundFacesOf } from '../results/foundFacesOf.ts';
import { deleteUpload, uploadOf, uploadsOf } from '../workspace/deleteUpload.ts';
import { openedPath } from '../workspace/openedPath.ts';
import type { CallContext, CallsOf } from './callContext.ts';
import { givenName, lastStepOf, type DatasetEditCall } from './datasetEditCalls.ts';

const rejectedShown = 500;

const nameOf = (row: DatasetRow) => readDatasetEdits(row.edits).name ?? givenName(row);

const summaryOf = (workspace: string, row: DatasetRow): DatasetSummary => ({
  hash: row.hash,
  name: nameOf(row),
  tags: readDatasetEdits(row.edits).tags,
  source: row.source,
  layout: row.layout,
  images: row.images,
  people: row.people,
  rejected: row.rejected.length,
  importedAt: row.importedAt,
  uploaded: uploadOf(workspace, row.source) !== null,
  data: dataOf(row),
  facesFound: row.facesFound,
});

const pictureOf = (
  { identity, path, landmarks, width, height }: FaceImage,
  {
    index,
    source,
    corrected,
    found,
    edited: { excluded, tags },
  }: {
    readonly index: number;
    readonly source: string;
    readonly corrected: boolean;
    readonly found: FoundFaces | null;
    readonly edited: EditedPicture;
  },
): Picture => ({
  index,
  identity,
  name: relative(source, path),
  landmarks: landmarks ?? (found !== null && found.faces > 0 ? found.landmarks : null),
  corrected,
  excluded,
  tags,
  faces: found?.faces ?? null,
  width: width ?? null,
  height: height ?? null,
});

const ofOlderVersion = (row: DatasetRow) =>
  new ArcBenchError('wrong-input', `The dataset ${nameOf(row)} is of an older version: import it again.`);

/** The parts that the source states, without empty ones. */
const givenPartsOf = (images: readonly FaceImage[]): DatasetDetails['givenParts'] =>
  partNames.flatMap((part) => {
    const inPart = images.filter((image) => image.part === part);
    return inPart.length === 0 ? [] : [{ part, people: countPeople(inPart), images: inPart.length }];
  });

/** Every person of a dataset, sorted. */
function personsOf(pictures: readonly EditedPicture[]): DatasetPerson[] {
  const people = new Map<string, { images: number; excluded: number; first: number; tags: Set<string> }>();
  pictures.forEach(({ image: { identity }, excluded, personTags }, index) => {
    const person = people.get(identity) ?? { images: 0, excluded: 0, first: index, tags: new Set() };
    person.images++;
    if (excluded !== null) person.excluded++;
    for (const tag of personTags) person.tags.add(tag);
    people.set(identity, person);
  });
  return [...people]
    .map(([identity, person]) => ({ identity, ...person, tags: [...person.tags].sort() }))
    .sort((a, b) => naturalOrder(a.identity, b.identity));
}

/** How many people have each number of pictures that are used. */
function histogramOf(persons: readonly DatasetPerson[]): DatasetDetails['histogram'] {
  const counts = new Map<number, number>();
  for (const { images, excluded } of persons)
    if (images > excluded) counts.set(images - excluded, (counts.get(images - excluded) ?? 0) + 1);
  return [...counts].map(([images, people]) => ({ images, people })).sort((a, b) => a.images - b.images);
}

export function datasetCalls(
  { store, jobs, roots, tell, workInThread }: CallContext,
  library: DatasetLibrary,
): Omit<CallsOf<'datasets'>, DatasetEditCall> & Pick<CallsOf<'split'>, 'split.prepare'> {
  const rowOf = (hash: string): DatasetRow => {
    const row = store.dataset(hash);
    if (!row)
      throw new ArcBenchError('wrong-input', `There is no dataset ${hash.slice(0, 12)}: look at the list of datasets.`);
    return row;
  };
  /** The SHA-256 of each picture of a dataset; none where its list cannot be read. */
  const contentsOf = (hash: string): Promise<readonly string[]> =>
    library.edited(hash).then(
      ({ base }) => base.images.flatMap(({ contentHash = [] }) => contentHash),
      () => [],
    );
  const planOf = (sections: Partial<Plan>): Plan => ({ ...experimentSchema.parse({}), ...sections });
  const stage = { baseFolder: store.workspace, rerunCommand: 'the import' };
  const foundNow = foundFacesOf(store.workspace);
  /** Whether a picture fits a filter of the user. */
  const filterOf = (
    filter: string,
    {
      base,
      pictures,
      corrections,
    }: Pick<EditedDataset, 'base' | 'pictures'> & { readonly corrections: ReadonlyMap<string, unknown> },
  ): ((picture: EditedPicture) => boolean) => {
    if (filter.trim() === '') return () => true;
    const fits = faceFilter(filter);
    const images = new Map<string, number>();
    for (const { image } of pictures) images.set(image.identity, (images.get(image.identity) ?? 0) + 1);
    const foundIn = foundNow();
    return ({ image, excluded, tags, personTags }) =>
      fits({
        identity: image.identity,
        name: relative(base.source, image.path),
        tags: [...tags, ...personTags],
        images: images.get(image.identity) ?? 0,
        width: image.width ?? null,
        height: image.height ?? null,
        faces: foundIn(image)?.faces ?? null,
        excluded: excluded !== null,
        corrected: corrections.has(image.contentHash ?? ''),
      });
  };
  const orders = new WeakMap<Dataset, readonly number[]>(); // kept: a sheet asks for page after page
  const orderOf = (dataset: Dataset): readonly number[] => {
    const order = orders.get(dataset) ?? naturalPlaces(dataset.images, ({ path }) => path);
    orders.set(dataset, order);
    return order;
  };
  return {
    'datasets.list': () => store.datasets().map((row) => summaryOf(store.workspace, row)),
    'datasets.import': async ({ data }) => {
      const opened = data.source === 'demo' ? data : { ...data, source: await openedPath(data.source, roots) };
      return jobs.add({
        kind: 'import',
        title: data.source === 'demo' ? 'Import the demo faces' : `Import ${basename(data.source)}`,
        work: (job) => workInThread({ kind: 'import', plan: planOf({ data: opened }), ...stage }, job),
      });
    },
    'datasets.findFaces': async ({ hash }) => {
      const row = rowOf(hash);
      const { images } = await library.dataset(hash);
      if (images.some(({ contentHash }) => contentHash === undefined)) throw ofOlderVersion(row);
      return jobs.add({
        kind: 'find',
        title: `Find faces in ${nameOf(row)}`,
        work: (job) =>
          workInThread({ kind: 'find', dataset: hash, plan: planOf({ data: dataOf(row) }), ...stage }, job),
      });
    },
    'datasets.show': async ({ hash }) => {
      const row = rowOf(hash);
      const { dataset, pictures } = await library.edited(hash);
      const { images, understood, partsGivenBy } = dataset;
      const persons = personsOf(pictures);
      return {
        ...summaryOf(store.workspace, row),
        understood: understood ?? null,
        partsGivenBy: partsGivenBy ?? null,
        givenParts: givenPartsOf(images),
        sourceGone: !existsSync(row.source),
        withLandmarks: images.filter((image) => image.landmarks !== undefined).length,
        detection: { offered: mayHoldFaces(images), ...countFound(images, foundNow()) },
        histogram: histogramOf(persons),
        persons,
        excluded: dataset.excluded?.length ?? 0,
        undo: lastStepOf(row.undo),
        redo: lastStepOf(row.redo),
        rejectedFiles: row.rejected.slice(0, rejectedShown),
      };
    },
    'datasets.pictures': async ({ hash, identity, faces, excluded, filter, offset, limit }) => {
      const { base, pictures } = await library.edited(hash);
      const corrections = await landmarkCorrections(store.workspace);
      const foundIn = foundNow();
      const hasFaces = (image: FaceImage): boolean => {
        const found = foundIn(image);
        return found !== null && (faces === 'none' ? found.faces === 0 : found.faces > 1);
      };
      const fits = filterOf(filter, { base, pictures, corrections });
      const chosen = orderOf(base).filter((index) => {
        const picture = pictures[index] as EditedPicture;
        return (
          (identity === null || picture.image.identity === identity) &&
          (faces === null || hasFaces(picture.image)) &&
          (!excluded || picture.excluded !== null) &&
          fits(picture)
        );
      });
      return {
        total: chosen.length,
        pictures: chosen.slice(offset, offset + limit).map((index) => {
          const edited = pictures[index] as EditedPicture;
          return pictureOf(edited.image, {
            index,
            source: base.source,
            corrected: corrections.has(edited.image.contentHash ?? ''),
            found: foundIn(edited.image),
            edited,
          });
        }),
      };
    },
    'datasets.people': async ({ hash, filter }) => {
      const { base, pictures } = await library.edited(hash);
      const corrections = await landmarkCorrections(store.workspace);
      const fitting = pictures.filter(filterOf(filter, { base, pictures, corrections }));
      return [...new Set(fitting.map(({ image }) => image.identity))];
    },
    'datasets.correct': async ({ hash, index, landmarks }) => {
      const row = rowOf(hash);
      const image = (await library.edited(hash)).base.images[index];
      if (!image)
        throw new ArcBenchError(
          'wrong-input',
          `The dataset ${nameOf(row)} has no picture ${index + 1}: look at it again.`,
        );
      if (image.contentHash === undefined) throw ofOlderVersion(row);
      await correctLandmarks(store.workspace, image.contentHash, landmarks);
      const imported = await importDataset(
        { ...dataOf(row), resolvedSource: row.source },
        { workspace: store.workspace, roots, headers: headersIn(store) },
      );
      const dataset: Dataset = row.layout === 'demo' ? { ...imported, layout: 'demo' } : imported;
      const corrected = dataset.images[index];
      if (corrected?.contentHash !== image.contentHash)
        throw new ArcBenchError(
          'wrong-input',
          `The pictures of ${nameOf(row)} changed since they were imported: import them again; the correction is kept.`,
        );
      await saveDatasetFile(store.workspace, dataset, hash);
      tell({ event: 'datasets.changed', payload: null }); // every window shows how many have landmarks
      const found = foundNow()(corrected);
      const edited = (await library.edited(hash)).pictures[index] as EditedPicture;
      return pictureOf(edited.image, {
        index,
        source: dataset.source,
        corrected: landmarks !== null,
        found,
        edited,
      });
    },
    'datasets.forget': async ({ hash }) => {
      const { source } = rowOf(hash);
      const uploads = await readdir(workspaceFolders(store.workspace).area('uploads')).catch(() => []);
      const contents = new Set(uploads.length > 0 ? await contentsOf(hash) : []);
      const others = () => store.datasets().flatMap((row) => (row.hash === hash ? [] : row.source));
      const deleted = await uploadsOf(store.workspace, { source, others, contents });
      if (deleted.length > 0 && jobs.busy())
        throw new ArcBenchError(
          'busy',
          'A job is under way, and may use these pictures: wait for its end or cancel it, then take them off the list.',
        );
      store.deleteDataset(hash);
      await rm(workspaceFolders(store.workspace).dataset(hash), { force: true });
      for (const upload of deleted) await deleteUpload(store.workspace, upload, contents);
      return null;
    },
    'split.prepare': async ({ data, prepare }) => {
      const dataset = await library.datasetOf(data);
      return jobs.add({
        kind: 'prepare',
        title:
          `Prepare ${data.source === 'demo' ? 'the demo faces' : basename(dataset.source)} at ` +
          `${prepare.inputSize} pixels`,
        work: (job) => workInThread({ kind: 'prepare', plan: planOf({ data, prepare }), ...stage }, job),
      });
    },
  };
}
