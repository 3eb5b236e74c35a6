import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { PartName } from '../../src-shared/splitSchema.ts';
import { printable } from '../../src-shared/printable.ts';
import { caseless } from '../files/plainName.ts';
import { counted } from './counted.ts';
import { findCourseArchive, type CourseArchive, type RetrievalHalf, type TrainHalf } from './courseArchive.ts';
import { readCourseList } from './courseLists.ts';
import type { FoundImage, ReadImage, Rejected } from './dataset.ts';
import { withFileStates, type LinkRule, type NamedImage } from './fileStates.ts';
import { readFolderTree, type FolderTree } from './folderTree.ts';
import type { Found } from './importFolders.ts';
import { partOfDigit, partOfWord } from './partWords.ts';
import { pictureKindOfName } from './pictureFormat.ts';
import { nameStrangers } from './strangers.ts';

/**
 * Reads the course's archive (500 people of CelebA with a given split, 52 query people, 2,001 distractors): either half
 * or both. Pictures that no list names are no part of the data. Throws 'wrong-input' where no half is there.
 */
export async function importCourse(source: string, rule: LinkRule): Promise<Found> {
  const archive = await findCourseArchive(source, rule);
  if (!archive)
    throw new ArcBenchError(
      'wrong-input',
      `${source} does not hold the course's archive: celebA_train_500 (with celebA_imgs, celebA_anno.txt and ` +
        'celebA_train_split.txt) or celebA_ir (with celebA_query and celebA_anno_query.csv) was expected; unpack ' +
        'the archive there, or choose another data.layout.',
    );
  const rejected: Rejected[] = [];
  const trained = archive.train && (await trainPictures(archive.train, rejected));
  const retrieved = archive.retrieval && (await retrievalPictures(archive.retrieval, { rule, rejected }));
  const named = [trained, retrieved].flatMap((half) => half?.named ?? []);
  const found = await withFileStates(named, rule, notThere);
  return {
    images: found.images,
    rejected: [...rejected, ...found.rejected],
    partsGivenBy: "the course's archive",
    understood: describe(archive, found.images, {
      train: trained?.unlisted ?? 0,
      retrieval: retrieved?.unlisted ?? 0,
    }),
  };
}

const notThere = 'A list names the picture, and it is not there: unpack it again.';

/** Pictures of a folder by their names, in any case, and by their names without ending. */
interface Present {
  readonly folder: string;
  readonly count: number;
  readonly nameOf: (listed: string) => string;
}

/** The pictures of a folder, or of the folder in it that unpacking made once more. */
async function picturesIn(folder: string): Promise<Present> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(isShown);
  const [only] = entries;
  if (entries.length === 1 && only?.isDirectory()) return await picturesIn(join(folder, only.name));
  const names = entries.map(({ name }) => name).filter((name) => pictureKindOfName(name) === 'picture');
  const exact = new Set(names);
  const byCase = new Map(names.map((name) => [caseless(name), name]));
  const byStem = new Map(names.map((name) => [caseless(parse(name).name), name]));
  const nameOf = (listed: string) =>
    exact.has(listed) ? listed : (byCase.get(caseless(listed)) ?? byStem.get(caseless(parse(listed).name)) ?? listed);
  return { folder, count: names.length, nameOf };
}

const isShown = ({ name }: Dirent) => !name.startsWith('.') && name !== '__MACOSX';

interface HalfPictures {
  readonly named: readonly NamedImage[];
  /** Pictures that no list names: they are no part of the data. */
  readonly unlisted: number;
}

async function trainPictures(half: TrainHalf, rejected: Rejected[]): Promise<HalfPictures> {
  const people = readCourseList(half.people, half.pictures, rejected);
  const parts = new Map(
    readCourseList(half.parts, half.pictures, rejected).map(({ file, value }) => [caseless(file), { file, value }]),
  );
  const present = await picturesIn(half.pictures);
  const named: NamedImage[] = [];
  const reject = (file: string, reason: string) =>
    rejected.push({ path: join(present.folder, present.nameOf(file)), reason });
  const withPerson = new Set(people.map(({ file }) => caseless(file)));
  for (const { file, value: identity } of people) {
    const given = parts.get(caseless(file))?.value;
    const part = given === undefined ? null : (partOfDigit(given) ?? trainedPart(given));
    if (given === undefined)
      reject(file, `The picture has no line in ${basename(half.parts)}: its part was expected there; add it.`);
    else if (part === null)
      reject(file, `${basename(half.parts)} gives it part ${given}: 0 (train), 1 (val) or 2 (test) was expected.`);
    else named.push({ path: join(present.folder, present.nameOf(file)), identity, part });
  }
  const withoutPerson = [...parts].filter(([key]) => !withPerson.has(key));
  for (const [, { file }] of withoutPerson)
    reject(file, `The picture has no line in ${basename(half.people)}: its person was expected there; add it.`);
  return { named, unlisted: present.count - people.length - withoutPerson.length };
}

/** Train, val or test in words; null for anything else. */
function trainedPart(word: string): PartName | null {
  const part = partOfWord(word);
  return part === 'train' || part === 'val' || part === 'test' ? part : null;
}

async function retrievalPictures(half: RetrievalHalf, options: ReadOptions): Promise<HalfPictures> {
  const present = await picturesIn(half.query);
  // The numbers of query people are not those of the people in training: 53 is someone else there.
  const named: NamedImage[] = readCourseList(half.queryPeople, half.query, options.rejected).map(({ file, value }) => ({
    path: join(present.folder, present.nameOf(file)),
    identity: `query ${value}`,
    part: 'query',
  }));
  const unlisted = present.count - named.length;
  const others = half.distractors === null ? [] : await strangers(half.distractors, options);
  return { named: [...named, ...others], unlisted };
}

interface ReadOptions {
  readonly rule: LinkRule;
  readonly rejected: Rejected[];
}

/** Each distractor is a picture of a stranger of whom there is no other. */
async function strangers(folder: string, { rule, rejected }: ReadOptions): Promise<NamedImage[]> {
  const read = await readFolderTree(folder, { ...rule, realSource: await realpath(folder) });
  rejected.push(...read.rejected);
  const nameOf = nameStrangers(folder);
  const paths = (tree: FolderTree): string[] => [
    ...tree.pictures.map((file) => join(tree.path, file)),
    ...tree.folders.flatMap(paths),
  ];
  return paths(read.tree).map((path) => ({ path, identity: nameOf(path), part: 'distractors' }));
}

/** What was found, in a sentence with a small tree. */
function describe(
  { train, retrieval, repeated }: CourseArchive,
  images: readonly FoundImage[],
  unlisted: { readonly train: number; readonly retrieval: number },
): string {
  const count = (part: PartName) => images.filter((image) => image.part === part).length;
  const people = (parts: readonly PartName[]) =>
    new Set(images.filter(({ part }) => part && parts.includes(part)).map(({ identity }) => identity)).size;
  const lines: string[] = [];
  if (train)
    lines.push(
      `  ${basename(train.folder)}: ${counted(people(['train', 'val', 'test']), 'person', 'people')}, ` +
        `${count('train')} train, ${count('val')} val and ${count('test')} test pictures` +
        unlistedPictures(unlisted.train),
    );
  if (retrieval) {
    const strangersFound = retrieval.distractors
      ? `${counted(count('distractors'), 'distractor', 'distractors')}, each a stranger`
      : 'no distractors, because celebA_distractors is not there';
    lines.push(
      `  ${basename(retrieval.folder)}: ${counted(people(['query']), 'query person', 'query people')} with ` +
        `${counted(count('query'), 'picture', 'pictures')}, ${strangersFound}${unlistedPictures(unlisted.retrieval)}`,
    );
  }
  const again = repeated.map((folder) => `  ${folder} holds a half once more, and was not read`);
  const alone = (train ?? retrieval)?.folder ?? '';
  const which = train && retrieval ? 'both halves' : `only ${basename(alone)}`;
  const head = `The course's archive, ${which}, with the parts that its lists give:`;
  return [head, ...lines, ...again].map(printable).join('\n');
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
  const has = (image: ReadImage, [width, height]: readonly [number, number]) =>
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
