import { stat } from 'node:fs/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { makeDataset, type Dataset } from './dataset.ts';
import { importCelebA, looksLikeCelebA } from './importCelebA.ts';
import { frameCoursePictures, importCourse, looksLikeCourse } from './importCourse.ts';
import { importCsv } from './importCsv.ts';
import { importFolders, type Found } from './importFolders.ts';
import { landmarkCorrections } from './landmarkCorrections.ts';
import { readHeaders, type HeaderOptions } from './pictureHeader.ts';

/**
 * Where landmarks set by hand are kept, which headers were read before, and how the caller hears of progress and stops
 * it.
 */
export interface ImportOptions extends HeaderOptions {
  readonly workspace: string;
  /** Folders below which the pictures of a CSV must lie; anywhere without. */
  readonly roots?: readonly string[] | undefined;
}

/**
 * Finds the face images of a source without copying or changing anything, and reads their headers; throws 'wrong-input'
 * where there is nothing to compare.
 */
export async function importDataset(
  data: Plan['data'] & { readonly resolvedSource: string },
  options: ImportOptions,
): Promise<Dataset> {
  const source = data.resolvedSource;
  const kind = await sourceKind(source);
  const layout = data.layout === 'auto' ? await layoutOf(source, kind) : data.layout;
  if ((layout === 'csv') !== (kind === 'file')) {
    throw new ArcBenchError(
      'wrong-input',
      `data.layout is ${layout}, but ${source} is a ${kind}: ${layout === 'csv' ? 'a CSV file' : 'a folder'} ` +
        'was expected; correct data.source or data.layout.',
    );
  }
  const listed = await importAs(layout, source, options);
  const read = await readHeaders(listed.images, options);
  const framed = layout === 'course' ? frameCoursePictures(read.images) : { images: read.images, rejected: [] };
  const imported: Found = {
    ...listed,
    images: framed.images,
    rejected: [...listed.rejected, ...read.rejected, ...framed.rejected],
  };
  const corrections = await landmarkCorrections(options.workspace);
  const found: Found = {
    ...imported,
    images: imported.images.map((image) => ({
      ...image,
      ...(corrections.has(image.path) ? { landmarks: corrections.get(image.path) as readonly number[] } : {}),
    })),
  };
  return checked(makeDataset(source, layout, found), found);
}

async function layoutOf(source: string, kind: 'folder' | 'file'): Promise<Exclude<Plan['data']['layout'], 'auto'>> {
  if (kind === 'file') return 'csv';
  if (looksLikeCelebA(source)) return 'celeba';
  return (await looksLikeCourse(source)) ? 'course' : 'folders';
}

async function importAs(
  layout: 'folders' | 'celeba' | 'course' | 'csv' | 'records',
  source: string,
  { roots }: ImportOptions,
): Promise<Found> {
  switch (layout) {
    case 'folders':
      return await importFolders(source);
    case 'celeba':
      return await importCelebA(source);
    case 'course':
      return await importCourse(source);
    case 'records':
      throw new ArcBenchError('wrong-input', 'MXNet records are not read yet.');
    case 'csv':
      return await importCsv(source, roots);
  }
}

async function sourceKind(source: string): Promise<'folder' | 'file'> {
  const found = await stat(source).catch(() => null);
  if (found?.isDirectory()) return 'folder';
  if (found?.isFile()) return 'file';
  throw new ArcBenchError(
    'wrong-input',
    `The data source ${source} is not there or cannot be read: a folder of people, a CelebA folder or a CSV ` +
      'file was expected; correct data.source.',
  );
}

const expected: Readonly<Record<Dataset['layout'], string>> = {
  folders: 'one sub-folder of pictures for each person was expected',
  demo: 'one sub-folder of pictures for each person was expected',
  course: 'the folders celebA_train_500 and celebA_ir were expected',
  records: 'a train.rec with its pictures was expected',
  celeba: 'the pictures that identity_CelebA.txt names were expected',
  csv: 'a line for each picture, with its path and its person, was expected',
};

function checked(dataset: Dataset, found: Found): Dataset {
  const people = new Set(dataset.images.map((image) => image.identity));
  if (people.size === 0) {
    const [first] = found.rejected;
    const because =
      first === undefined
        ? ''
        : ' ' +
          `(${found.rejected.length === 1 ? `${first.path} was left out,` : `${found.rejected.length} files were left out, the first, ${first.path},`} ` +
          `because: ${first.reason.replace(/\.$/, '')})`;
    throw new ArcBenchError(
      'wrong-input',
      `${dataset.source} holds no pictures of people${because}: ${expected[dataset.layout]}; correct ` +
        'data.source or data.layout.',
    );
  }
  if (people.size === 1) {
    throw new ArcBenchError(
      'wrong-input',
      `${dataset.source} holds pictures of one person only (${[...people][0]}): two people or more were ` +
        'expected, one sub-folder for each; add people or correct data.source.',
    );
  }
  return dataset;
}
