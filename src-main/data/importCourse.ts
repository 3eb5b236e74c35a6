import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { PartName } from '../../src-shared/experiment.ts';
import { isNameHere } from '../files/plainName.ts';
import { readTextFile } from '../files/readTextFile.ts';
import type { FoundImage, ReadImage, Rejected } from './dataset.ts';
import { withFileStates, type LinkRule, type NamedImage } from './fileStates.ts';
import type { Found } from './importFolders.ts';

/** The half of the archive with people to train on: pictures, their people, and their parts. */
interface TrainHalf {
  readonly folder: string;
  readonly pictures: string;
  readonly people: string;
  readonly parts: string;
}

/** The half for information retrieval: query pictures with their people, and pictures of strangers. */
interface RetrievalHalf {
  readonly folder: string;
  readonly query: string;
  readonly queryPeople: string;
  readonly distractors: string | null;
}

/** The halves of the course's archive that a folder holds; each may come alone. */
export interface CourseArchive {
  readonly train: TrainHalf | null;
  readonly retrieval: RetrievalHalf | null;
}

/** How deep below the source the halves are looked for: they often lie in a folder of the archive's name. */
const deepest = 2;

/**
 * Finds the halves of the course's archive in a folder, up to two levels down. A half is known by its lists, not by the
 * name of its folder. Null where there is none.
 */
export async function findCourseArchive(source: string): Promise<CourseArchive | null> {
  let train: TrainHalf | null = null;
  let retrieval: RetrievalHalf | null = null;
  let level = [source];
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      const names = await namesIn(folder);
      train ??= trainHalf(folder, names);
      retrieval ??= retrievalHalf(folder, names);
      below.push(...names.folders.map((name) => join(folder, name)));
    }
    // People's folders come by the hundred, and hold no half of the archive.
    level = below.length > 50 ? [] : below;
  }
  return train || retrieval ? { train, retrieval } : null;
}

interface Names {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

async function namesIn(folder: string): Promise<Names> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const shown = entries.filter(({ name }) => !name.startsWith('.') && name !== '__MACOSX');
  return {
    files: shown.filter((entry) => entry.isFile()).map(({ name }) => name),
    folders: shown.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  };
}

function trainHalf(folder: string, { files, folders }: Names): TrainHalf | null {
  const people = files.find((name) => /^celeba_anno\.txt$/i.test(name));
  const parts = files.find((name) => /^celeba_train_split\.txt$/i.test(name));
  const pictures = folders.find((name) => /^celeba_imgs$/i.test(name));
  if (!people || !parts || !pictures) return null;
  return {
    folder,
    pictures: join(folder, pictures),
    people: join(folder, people),
    parts: join(folder, parts),
  };
}

function retrievalHalf(folder: string, { files, folders }: Names): RetrievalHalf | null {
  const queryPeople = files.find((name) => /^celeba_anno_query\.csv$/i.test(name));
  const query = folders.find((name) => /^celeba_query$/i.test(name));
  const distractors = folders.find((name) => /^celeba_distractors$/i.test(name));
  if (!queryPeople || !query) return null;
  return {
    folder,
    query: join(folder, query),
    queryPeople: join(folder, queryPeople),
    distractors: distractors === undefined ? null : join(folder, distractors),
  };
}

/**
 * Reads the course's archive (500 people of CelebA with a given split, 52 query people, 2,001 distractors): either half
 * or both. Pictures that no list names are no part of the data. Throws 'wrong-input' where no half is there.
 */
export async function importCourse(source: string, rule: LinkRule): Promise<Found> {
  const archive = await findCourseArchive(source);
  if (!archive)
    throw new ArcBenchError(
      'wrong-input',
      `${source} does not hold the course's archive: celebA_train_500 (with celebA_imgs, celebA_anno.txt and ` +
        'celebA_train_split.txt) or celebA_ir (with celebA_query and celebA_anno_query.csv) was expected; unpack ' +
        'the archive there, or choose another data.layout.',
    );
  const rejected: Rejected[] = [];
  const named = [
    ...(archive.train ? await trainPictures(archive.train, rejected) : []),
    ...(archive.retrieval ? await retrievalPictures(archive.retrieval, rejected) : []),
  ];
  const found = await withFileStates(named, rule, notThere);
  return {
    images: found.images,
    rejected: [...rejected, ...found.rejected],
    partsGivenBy: "the course's archive",
    understood: await describe(archive, found.images),
  };
}

const notThere = 'A list names the picture, and it is not there: unpack it again.';

const partOfNumber: Readonly<Record<string, PartName>> = { 0: 'train', 1: 'val', 2: 'test' };

async function trainPictures(half: TrainHalf, rejected: Rejected[]): Promise<NamedImage[]> {
  const people = readPairs(half.people, rejected);
  const parts = readPairs(half.parts, rejected);
  const named: NamedImage[] = [];
  for (const [file, identity] of people) {
    const path = join(half.pictures, file);
    const reject = (reason: string) => rejected.push({ path, reason });
    const number = parts.get(file);
    const part = number === undefined ? undefined : partOfNumber[number];
    if (number === undefined) {
      reject(`The picture has no line in ${basename(half.parts)}: its part was expected there; add it.`);
    } else if (part === undefined) {
      reject(`${basename(half.parts)} gives it part ${number}: 0 (train), 1 (val) or 2 (test) was expected.`);
    } else {
      named.push({ path, identity, part });
    }
  }
  return named;
}

async function retrievalPictures(half: RetrievalHalf, rejected: Rejected[]): Promise<NamedImage[]> {
  const named: NamedImage[] = [];
  // The numbers of query people are not those of the people in training: 53 is someone else there.
  for (const [file, person] of readPairs(half.queryPeople, rejected)) {
    named.push({ path: join(half.query, file), identity: `query ${person}`, part: 'query' });
  }
  if (half.distractors === null) return named;
  for (const file of (await namesIn(half.distractors)).files) {
    // Each distractor is a picture of a stranger of whom there is no other.
    const identity = `distractor ${parse(file).name}`;
    if (isPicture(file)) named.push({ path: join(half.distractors, file), identity, part: 'distractors' });
  }
  return named;
}

const isPicture = (name: string) => /\.(jpe?g|png|webp|bmp)$/i.test(name);

/** The second column of a list by its first: a file and its person or part, parted by blanks or a comma. */
function readPairs(list: string, rejected: Rejected[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const [index, text] of readTextFile(list).split('\n').entries()) {
    const line = text.trim();
    if (line === '' || /^img,id$/i.test(line)) continue;
    const [file = '', value = '', ...rest] = line.split(/[\s,;]/).filter((word) => word !== '');
    if (file !== '' && !isNameHere(file)) {
      rejected.push({
        path: `${list}, line ${index + 1}`,
        reason: `The line names '${file.slice(0, 60)}': a picture's name without a folder was expected; correct it.`,
      });
    } else if (file === '' || value === '' || rest.length > 0) {
      rejected.push({
        path: `${list}, line ${index + 1}`,
        reason: `The line reads '${line.slice(0, 60)}': a file and a number were expected; correct it.`,
      });
    } else if (pairs.has(file) && pairs.get(file) !== value) {
      rejected.push({
        path: `${list}, line ${index + 1}`,
        reason: `The list gives ${file} both ${pairs.get(file)} and ${value}: the first was taken; correct it.`,
      });
    } else {
      pairs.set(file, value);
    }
  }
  return pairs;
}

/** What was found, in a sentence with a small tree. */
async function describe({ train, retrieval }: CourseArchive, images: readonly FoundImage[]): Promise<string> {
  const count = (part: PartName) => images.filter((image) => image.part === part).length;
  const people = (parts: readonly PartName[]) =>
    new Set(images.filter(({ part }) => part && parts.includes(part)).map(({ identity }) => identity)).size;
  const lines: string[] = [];
  if (train) {
    const listed = count('train') + count('val') + count('test');
    const unlisted = (await namesIn(train.pictures)).files.filter(isPicture).length - listed;
    lines.push(
      `  ${basename(train.folder)}: ${people(['train', 'val', 'test'])} people, ${count('train')} train, ` +
        `${count('val')} val and ${count('test')} test pictures` +
        unlistedPictures(unlisted),
    );
  }
  if (retrieval) {
    lines.push(
      `  ${basename(retrieval.folder)}: ${people(['query'])} query people with ${count('query')} pictures, ` +
        `${count('distractors')} distractors, each a stranger`,
    );
  }
  const halves = train && retrieval ? 'both halves' : `only ${basename((train ?? retrieval!).folder)}`;
  return [`The course's archive, ${halves}, with the parts that its lists give:`, ...lines].join('\n');
}

function unlistedPictures(count: number): string {
  if (count <= 0) return '';
  return count === 1
    ? '; 1 picture that no list names is left out'
    : `; ${count} pictures that no list names are left out`;
}

/**
 * CelebA's aligned pictures put the five points near these places; each of the archive's small pictures is the part of
 * the aligned one that `region` names. [width, height] in pixels.
 */
const alignedSize = [178, 218] as const;
const smallSize = [83, 100] as const;
const region = { left: 44, top: 75, width: 83, height: 100 } as const;
const alignedPoints = [69.5, 111.3, 107.9, 111.3, 88, 135, 72.6, 152, 105.6, 152] as const;
const smallPoints = alignedPoints.map((value, index) => value - (index % 2 === 0 ? region.left : region.top));

/**
 * Gives the archive's pictures one framing: both sizes get their five fixed points, and the large ones the region that
 * the small ones show. A picture of another size is left out, since nothing tells where its face is.
 */
export function frameCoursePictures(images: readonly ReadImage[]): {
  readonly images: ReadImage[];
  readonly rejected: Rejected[];
} {
  const framed: ReadImage[] = [];
  const rejected: Rejected[] = [];
  const has = (image: FoundImage, [width, height]: readonly [number, number]) =>
    image.width === width && image.height === height;
  for (const image of images) {
    if (has(image, alignedSize)) framed.push({ ...image, landmarks: alignedPoints, region });
    else if (has(image, smallSize)) framed.push({ ...image, landmarks: smallPoints });
    else
      rejected.push({
        path: image.path,
        reason: `The picture has ${image.width} x ${image.height} pixels: 178 x 218 or 83 x 100 was expected.`,
      });
  }
  return { images: framed, rejected };
}

/** Whether a folder is one of the archive's halves or holds one. */
export const looksLikeCourse = async (source: string): Promise<boolean> =>
  existsSync(source) && (await findCourseArchive(source)) !== null;
