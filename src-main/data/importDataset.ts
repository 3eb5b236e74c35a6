import { realpath, stat } from 'node:fs/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { isBelow } from '../files/isBelow.ts';
import { betterSource } from './betterSource.ts';
import { makeDataset, type Dataset, type ReadImage, type Rejected } from './dataset.ts';
import type { LinkRule } from './fileStates.ts';
import { fitRegions, importCelebA, looksLikeCelebA } from './importCelebA.ts';
import { looksLikeCourse } from './courseArchive.ts';
import { frameCoursePictures, importCourse } from './importCourse.ts';
import { importCsv } from './importCsv.ts';
import { importFolders, type Found } from './importFolders.ts';
import { keepByContent } from './landmarkCorrections.ts';
import { readHeaders, type HeaderOptions } from './pictureHeader.ts';
import { refuseOtherFile } from './otherFile.ts';
import { importRecords, recordFileOf } from './records/importRecords.ts';

type Layout = Exclude<Plan['data']['layout'], 'auto'>;

export interface ImportOptions extends HeaderOptions {
  /** Where the corrected landmarks are kept. */
  readonly workspace: string;
  /**
   * The pictures of a CSV must be below these folders, and links may not lead out of the source. Without roots, as on
   * the command line, pictures may be anywhere and links lead anywhere: the source is the user's own word.
   */
  readonly roots?: readonly string[] | undefined;
}

/**
 * Finds the face images of a source and reads each file that is new or changed. Copies and changes nothing. Throws
 * 'wrong-input' if the source has fewer than two people.
 */
export async function importDataset(
  data: Plan['data'] & { readonly resolvedSource: string },
  options: ImportOptions,
): Promise<Dataset> {
  const source = data.resolvedSource;
  const layout = await layoutOf(source, data.layout, options);
  const listed = await importAs(layout, data, options);
  const read = await readHeaders(listed.images, options);
  const framed = frame(layout, read.images);
  const corrections = await keepByContent(options.workspace, framed.images);
  const rejected = [...listed.rejected, ...read.rejected, ...framed.rejected];
  const dataset = makeDataset(source, layout, {
    ...listed,
    images: corrected(framed.images, corrections),
    rejected,
  });
  await refuseTooFewPeople(dataset, rejected);
  return dataset;
}

/** Gives the pictures the region that their layout fixes, now that their sizes are known. */
function frame(
  layout: Layout,
  images: readonly ReadImage[],
): { readonly images: readonly ReadImage[]; readonly rejected: readonly Rejected[] } {
  if (layout === 'course') return frameCoursePictures(images);
  return { images: layout === 'celeba' ? fitRegions(images) : images, rejected: [] };
}

/** The layout of a source: the given one, or what the source looks like. Throws 'wrong-input' if they do not fit. */
async function layoutOf(source: string, given: Plan['data']['layout'], options: ImportOptions): Promise<Layout> {
  const kind = await sourceKind(source);
  if (given === 'auto') {
    if ((await recordFileOf(source)) !== null) return 'records';
    if (kind === 'file') {
      refuseOtherFile(source);
      return 'csv';
    }
    if (await looksLikeCelebA(source)) return 'celeba';
    return (await looksLikeCourse(source, await linkRuleOf(source, options))) ? 'course' : 'folders';
  }
  if (given === 'records') return given; // a file or the folder that holds it
  const wanted = given === 'csv' ? 'file' : 'folder';
  if (kind !== wanted)
    throw new ArcBenchError(
      'wrong-input',
      `data.layout is ${given}, but ${source} is a ${kind}: ${wanted === 'file' ? 'a CSV file' : 'a folder'} ` +
        'was expected; correct data.source or data.layout.',
    );
  return given;
}

async function sourceKind(source: string): Promise<'folder' | 'file'> {
  const found = await stat(source).catch(() => null);
  if (found?.isDirectory()) return 'folder';
  if (found?.isFile()) return 'file';
  throw new ArcBenchError(
    'wrong-input',
    `The data source ${source} does not exist or cannot be read: set data.source to a folder of people, a CelebA ` +
      'folder, a CSV file or a record file (train.rec).',
  );
}

async function importAs(
  layout: Layout,
  { resolvedSource: source, people }: Plan['data'] & { readonly resolvedSource: string },
  options: ImportOptions,
): Promise<Found> {
  const linkRule = () => linkRuleOf(source, options);
  switch (layout) {
    case 'folders':
      return await importFolders(source, people, { rule: await linkRule(), signal: options.signal });
    case 'celeba':
      return await importCelebA(source, await linkRule());
    case 'course':
      return await importCourse(source, await linkRule());
    case 'records':
      return await importRecordsOf(source, options);
    case 'csv':
      return await importCsv(source, options.roots);
  }
}

const linkRuleOf = async (source: string, { roots }: ImportOptions): Promise<LinkRule> => ({
  realSource: await realpath(source),
  followOutside: roots === undefined,
});

async function importRecordsOf(source: string, options: ImportOptions): Promise<Found> {
  const file = await recordFileOf(source);
  if (file === null || (options.roots && !(await isBelow(file, options.roots))))
    throw new ArcBenchError(
      'wrong-input',
      `${source} holds no record file that may be read: a .rec file such as train.rec, or the folder that it lies ` +
        'in, was expected; correct data.source or data.layout.',
    );
  return await importRecords(file, options);
}

/** The images with the landmarks that a user corrected. */
const corrected = (
  images: readonly ReadImage[],
  corrections: ReadonlyMap<string, readonly number[]>,
): readonly ReadImage[] =>
  images.map((image) => {
    const landmarks = corrections.get(image.contentHash);
    return landmarks === undefined ? image : { ...image, landmarks };
  });

const expected: Readonly<Record<Dataset['layout'], string>> = {
  folders: 'one sub-folder of pictures for each person was expected',
  demo: 'one sub-folder of pictures for each person was expected',
  course: 'the folders celebA_train_500 and celebA_ir were expected',
  records: 'a train.rec with its pictures was expected',
  celeba: "pictures that CelebA's list of people names were expected",
  csv: 'a line for each picture, with its path and its person, was expected',
};

async function refuseTooFewPeople(dataset: Dataset, rejected: readonly Rejected[]): Promise<void> {
  const people = new Set(dataset.images.map((image) => image.identity));
  if (people.size > 1) return;
  const meant = dataset.layout === 'folders' ? await betterSource(dataset.source) : '';
  if (people.size === 0)
    throw new ArcBenchError(
      'wrong-input',
      `${dataset.source} holds no pictures of people${whyEmpty(rejected)}: ${expected[dataset.layout]}` +
        `${meant || '; correct data.source or data.layout'}.`,
    );
  if (people.size === 1)
    throw new ArcBenchError(
      'wrong-input',
      `${dataset.source} holds pictures of one person only (${[...people][0]}): two people or more were ` +
        `expected, ${eachPersons[dataset.layout]}${meant || '; add people or correct data.source'}.`,
    );
}

const eachPersons: Readonly<Record<Dataset['layout'], string>> = {
  folders: 'one sub-folder for each',
  demo: 'one sub-folder for each',
  records: 'each with a class label',
  course: 'each named in the lists',
  celeba: "each named in CelebA's list of people",
  csv: 'each named in the column of people',
};

/** In brackets, why no picture could be used; nothing if there was none. */
function whyEmpty(rejected: readonly Rejected[]): string {
  const [first] = rejected;
  if (first === undefined) return '';
  const which =
    rejected.length === 1
      ? `${first.path} was left out,`
      : `${rejected.length} files were left out, the first, ${first.path},`;
  return ` (${which} because: ${first.reason.replace(/\.$/, '')})`;
}
