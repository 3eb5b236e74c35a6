import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { partNames } from '../../src-shared/splitSchema.ts';
import { noEntries } from '../files/readFault.ts';
import { counted } from './counted.ts';
import { findCelebAList, readCelebAList, withoutEnding, type CelebAList } from './celebALists.ts';
import type { FoundImage, PictureRegion, ReadImage, Rejected } from './dataset.ts';
import { followLink, withFileStates, type LinkRule, type NamedImage } from './fileStates.ts';
import type { Found } from './importFolders.ts';
import { partOfDigit } from './partWords.ts';

const identityStem = 'identity_CelebA';
/** The aligned pictures come first, because most people have those. */
const editions = [
  {
    name: 'aligned',
    pictures: ['img_align_celeba', 'img_align_celeba_png'],
    landmarks: 'list_landmarks_align_celeba',
    boxes: null,
  },
  {
    name: 'in the wild',
    pictures: ['img_celeba'],
    landmarks: 'list_landmarks_celeba',
    boxes: 'list_bbox_celeba',
  },
] as const;
const mostFoldersAround = 20;
const deepestPictures = 4; // celeba/Img/img_align_celeba_png.7z/img_align_celeba_png
const mostMissingNamed = 100;

/** The files of CelebA that ArcBench reads. Only the pictures and the list of people are needed. */
interface CelebAFiles {
  readonly edition: string;
  readonly folder: string;
  readonly identities: CelebAList;
  readonly landmarks: CelebAList | undefined;
  readonly boxes: CelebAList | undefined;
  readonly partition: CelebAList | undefined;
  readonly attributes: CelebAList | undefined;
}

/** Whether a folder, or a folder in it, holds CelebA's list of people or one of its folders of pictures. */
export const looksLikeCelebA = async (source: string): Promise<boolean> =>
  findCelebAList(source, identityStem) !== undefined || (await findEdition(source)) !== null;

type Edition = (typeof editions)[number];

/** CelebA's folder of pictures in a folder, up to four levels down; null if there is none. */
async function findEdition(source: string): Promise<{ readonly edition: Edition; readonly folder: string } | null> {
  const found = new Map<string, string>();
  let level = [source];
  for (let depth = 0; depth < deepestPictures && level.length > 0; depth++) {
    const inside = (await Promise.all(level.map(foldersIn))).flat();
    for (const path of inside) if (!found.has(basename(path))) found.set(basename(path), path);
    const others = inside.filter((path) => !isPictureFolder(basename(path)));
    level = others.length > mostFoldersAround ? [] : others;
  }
  for (const edition of editions)
    for (const name of edition.pictures) {
      const folder = found.get(name);
      if (folder !== undefined) return { edition, folder: await innermost(folder) };
    }
  return null;
}

/** The folder of pictures that unpacking put into another of its name. */
async function innermost(folder: string): Promise<string> {
  const [again] = (await foldersIn(folder)).filter((path) => basename(path) === basename(folder));
  return again === undefined ? folder : await innermost(again);
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(noEntries);
  // A link is refused by name later, if it leads where it may not lead.
  return entries
    .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isPictureFolder(entry.name)))
    .filter(({ name }) => !name.startsWith('.') && name !== '__MACOSX')
    .map(({ name }) => join(folder, name));
}

const isPictureFolder = (name: string): boolean =>
  editions.some(({ pictures }) => pictures.some((one) => one === name));

/**
 * Reads CelebA, aligned or in the wild, from its own lists or Kaggle's. Landmarks, boxes, parts and attributes come
 * from their lists, if these are there. Throws 'wrong-input' if the pictures or the list of people are missing.
 */
export async function importCelebA(source: string, rule: LinkRule): Promise<Found> {
  const files = await celebAFiles(source);
  await refuseLinksOutside(files, source, rule);
  const present = new Map(
    (await readdir(files.folder)).filter((name) => !name.startsWith('.')).map((name) => [withoutEnding(name), name]),
  );
  const listed = joinLists(files, present);
  const parted = files.partition
    ? applyPartition(listed.named, files.partition)
    : { named: listed.named, rejected: [] };
  const found = await withFileStates(parted.named, rule);
  return {
    images: found.images,
    rejected: [...listed.rejected, ...parted.rejected, ...found.rejected],
    ...(files.partition && { partsGivenBy: `CelebA's list ${files.partition.name}` }),
    understood: describe(files, found.images),
  };
}

async function celebAFiles(base: string): Promise<CelebAFiles> {
  const found = await findEdition(base);
  const identities = findCelebAList(base, identityStem);
  if (!identities)
    throw new ArcBenchError(
      'wrong-input',
      `${base} has no ${identityStem}.txt, the list of CelebA's people, which Kaggle's copy of CelebA lacks: get it ` +
        "from the folder Anno of CelebA's own download and put it into this folder or into Anno/, or choose another " +
        'data.layout.',
    );
  if (!found)
    throw new ArcBenchError(
      'wrong-input',
      `${base} has no folder of CelebA's pictures: unpack img_align_celeba or img_celeba there.`,
    );
  const { edition, folder } = found;
  const landmarks = findCelebAList(base, edition.landmarks);
  return {
    edition: edition.name,
    folder,
    identities,
    landmarks,
    boxes: landmarks || edition.boxes === null ? undefined : findCelebAList(base, edition.boxes),
    partition: findCelebAList(base, 'list_eval_partition'),
    attributes: findCelebAList(base, 'list_attr_celeba'),
  };
}

async function refuseLinksOutside(files: CelebAFiles, source: string, rule: LinkRule): Promise<void> {
  const { folder, identities, landmarks, boxes, partition, attributes } = files;
  const lists = [identities, landmarks, boxes, partition, attributes].flatMap((list) => (list ? [list.path] : []));
  for (const path of [folder, ...lists]) {
    const target = await followLink(path, rule);
    const wanted = path === folder ? 'folder' : 'file';
    if ('kind' in target && target.kind === wanted) continue;
    const why = 'reason' in target ? target.reason.replace(/\.$/, '') : `it is not a ${wanted}`;
    throw new ArcBenchError(
      'wrong-input',
      `${path} cannot be used (${why}): a ${wanted} inside ${source} was expected; move it there, or set ` +
        'data.source to the folder that holds all of CelebA.',
    );
  }
}

/** Joins the list of people with the pictures and the other lists. */
function joinLists(
  files: CelebAFiles,
  present: ReadonlyMap<string, string>,
): { readonly named: readonly NamedImage[]; readonly rejected: readonly Rejected[] } {
  const { identities, folder } = files;
  const factsOf = pictureFacts(files);
  const named: NamedImage[] = [];
  const rejected: Rejected[] = [];
  const missing: Rejected[] = [];
  const taken = new Map<string, string>();
  for (const { file, values, line } of readCelebAList(identities).lines) {
    const reject = (reason: string) => rejected.push({ path: join(folder, file), reason });
    const key = withoutEnding(file);
    const [identity] = values;
    const actual = present.get(key);
    const before = taken.get(key);
    if (file === '' || !identity || values.length > 1)
      reject(`Line ${line} of ${identities.path} is not a file name and an identity: correct it.`);
    else if (before !== undefined) reject(twice(identities.name, { line, before, identity }));
    else if (actual === undefined) missing.push({ path: join(folder, file), reason: notThere(identities.name) });
    else {
      taken.set(key, identity);
      const facts = factsOf(key);
      if ('reason' in facts) reject(facts.reason);
      else named.push({ path: join(folder, actual), identity: identity.normalize('NFC'), ...facts });
    }
  }
  for (const [key, name] of present)
    if (!taken.has(key) && /\.(jpe?g|png)$/i.test(name))
      rejected.push({
        path: join(folder, name),
        reason: `The picture has no line in ${identities.name}: add its person to the list, or remove the picture.`,
      });
  return { named, rejected: [...rejected, ...shortened(missing, identities)] };
}

const notThere = (list: string) => `The picture is listed in ${list} but does not exist: unpack the pictures again.`;

const twice = (
  list: string,
  { line, before, identity }: { readonly line: number; readonly before: string; readonly identity: string },
): string =>
  before === identity
    ? `Line ${line} of ${list} names the picture again: remove one of the lines.`
    : `Line ${line} of ${list} gives the picture to ${identity}, an earlier line to ${before}, who was taken: remove ` +
      'the wrong line.';

/** Who has a part of CelebA's pictures would else get a line for each of the others. */
function shortened(missing: readonly Rejected[], list: CelebAList): readonly Rejected[] {
  if (missing.length <= mostMissingNamed) return missing;
  const count = missing.length.toLocaleString('en');
  const reason = `${count} pictures of the list are not there: if you want all of CelebA, unpack the pictures again.`;
  return [{ path: list.path, reason }];
}

type PictureFacts = Pick<NamedImage, 'landmarks' | 'region' | 'attributes'>;

/** What the lists beside that of people say of a picture, or why it cannot be used. */
function pictureFacts(files: CelebAFiles): (key: string) => PictureFacts | { readonly reason: string } {
  const landmarks = files.landmarks && numbersOf(files.landmarks, 10);
  const boxes = files.boxes && numbersOf(files.boxes, 4);
  const attributes = files.attributes && attributesOf(files.attributes);
  return (key) => {
    const points = landmarks?.get(key);
    if (landmarks && points === undefined)
      return {
        reason:
          `The picture has no line of ten numbers in ${files.landmarks?.name}: add its landmarks, or move the list ` +
          'away to cut out the centre of all pictures.',
      };
    const region = regionOf(boxes?.get(key));
    const kept = attributes?.get(key);
    return { ...(points && { landmarks: points }), ...(region && { region }), ...(kept && { attributes: kept }) };
  };
}

/** A box of CelebA: left, top, width and height. Some are empty, and mean none. */
function regionOf(box: readonly number[] | undefined): PictureRegion | null {
  const [left = 0, top = 0, width = 0, height = 0] = box ?? [];
  return width > 0 && height > 0 ? { left, top, width, height } : null;
}

/** Numbers of each picture, by its name without ending. Lines with another count of numbers are left out. */
function numbersOf(list: CelebAList, count: number): ReadonlyMap<string, readonly number[]> {
  const result = new Map<string, readonly number[]>();
  for (const { file, values } of readCelebAList(list).lines) {
    const numbers = values.map(Number);
    if (numbers.length === count && numbers.every(Number.isFinite)) result.set(withoutEnding(file), numbers);
  }
  return result;
}

/** The attributes that a picture has. Those that it lacks (-1) are left out: with them, a list would be 160 MB. */
function attributesOf(list: CelebAList): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const { columns, lines } = readCelebAList(list);
  return new Map(
    lines.map(({ file, values }) => [
      withoutEnding(file),
      Object.fromEntries(columns.flatMap((name, at) => (values[at] === '1' ? [[name, '1']] : []))),
    ]),
  );
}

/**
 * Gives the pictures the parts of CelebA's list, which parts people: whoever is in val or test never trains. A list in
 * which most of them also train parts pictures instead, and is taken as it is.
 */
function applyPartition(
  named: readonly NamedImage[],
  list: CelebAList,
): { readonly named: readonly NamedImage[]; readonly rejected: readonly Rejected[] } {
  const numbers = new Map(readCelebAList(list).lines.map(({ file, values }) => [withoutEnding(file), values[0] ?? '']));
  const parted = named.map((image) => {
    const part = partOfDigit(numbers.get(withoutEnding(basename(image.path))) ?? '');
    return part === null ? image : { ...image, part };
  });
  const peopleIn = (wanted: (part: NamedImage['part']) => boolean) =>
    new Set(parted.filter(({ part }) => wanted(part)).map(({ identity }) => identity));
  const heldOut = peopleIn((part) => part === 'val' || part === 'test');
  const trained = peopleIn((part) => part === 'train');
  const inBoth = new Set([...heldOut].filter((identity) => trained.has(identity)));
  if (inBoth.size * 2 > heldOut.size) return { named: parted, rejected: [] };
  const isLeftOut = ({ part, identity }: NamedImage) => part === 'train' && inBoth.has(identity);
  return {
    named: parted.filter((image) => !isLeftOut(image)),
    rejected: parted.filter(isLeftOut).map(({ path, identity }) => ({
      path,
      reason:
        `${list.name} puts this picture of person ${identity} into train and others into val or test, but it parts ` +
        'people: whoever is in val or test never trains. Correct the list.',
    })),
  };
}

/** Cuts the boxes of faces to their pictures. A box outside of its picture is left out. */
export const fitRegions = (images: readonly ReadImage[]): readonly ReadImage[] =>
  images.map(({ region, ...image }) => {
    if (region === undefined) return image;
    const left = Math.max(0, region.left);
    const top = Math.max(0, region.top);
    const width = Math.min(image.width ?? 0, region.left + region.width) - left;
    const height = Math.min(image.height ?? 0, region.top + region.height) - top;
    return width > 0 && height > 0 ? { ...image, region: { left, top, width, height } } : image;
  });

function describe(files: CelebAFiles, images: readonly FoundImage[]): string {
  const people = (shown: readonly FoundImage[]) => new Set(shown.map(({ identity }) => identity)).size;
  const faces = (shown: readonly FoundImage[]) =>
    `${counted(people(shown), 'person', 'people')}, ${counted(shown.length, 'picture', 'pictures')}`;
  const lines = [
    `${counted(people(images), 'person', 'people')}: CelebA, ${files.edition}, with the people of ` +
      `${files.identities.name}.`,
    files.landmarks ? `  landmarks: ${files.landmarks.name}` : `  landmarks: none; ${withoutLandmarks(files)}`,
  ];
  if (files.partition) {
    const parts = partNames.flatMap((part) => {
      const inPart = images.filter((image) => image.part === part);
      return inPart.length === 0 ? [] : [`${part} ${faces(inPart)}`];
    });
    const without = images.filter(({ part }) => part === undefined).length;
    const rest = without > 0 ? [`no part ${counted(without, 'picture', 'pictures')}`] : [];
    if (parts.length === 0) rest.push("lines such as '000001.jpg 0' were expected; correct the list");
    lines.push(`  parts: ${files.partition.name}: ${[...parts, ...rest].join('; ')}`);
  }
  if (files.attributes) lines.push(`  attributes: ${files.attributes.name}`);
  return lines.join('\n');
}

const withoutLandmarks = ({ boxes }: CelebAFiles): string =>
  boxes
    ? `the centre of each box of ${boxes.name} is cut out, or with prepare.alignment: detect, faces are looked for`
    : 'the centre is cut out, or with prepare.alignment: detect, faces are looked for';
