import { join, relative, sep } from 'node:path';
import type { Plan } from '../../src-shared/experiment.ts';
import { printable } from '../../src-shared/printable.ts';
import { faceTableIn } from './betterSource.ts';
import type { Dataset, FoundImages, Rejected } from './dataset.ts';
import { counted } from './counted.ts';
import { describeFolders } from './describeFolders.ts';
import { withFileStates, type LinkRule, type NamedImage } from './fileStates.ts';
import { readFolderTree, type FolderTree } from './folderTree.ts';
import { readIdentityMeta } from './identityMeta.ts';
import { partOfFolder, partOfWord, partsOfGallery, type GivenPart } from './partWords.ts';
import { peopleOfFileNames, type PersonOfFileName } from './personOfFileName.ts';
import { readSourceFolders, type PartFolder, type SourceFolders } from './sourceFolders.ts';
import { nameStrangers } from './strangers.ts';
import { readSplitManifest, type SplitManifest } from './splitManifest.ts';

/** What an importer found in a source. */
export interface Found extends Pick<Dataset, 'partsGivenBy' | 'understood'> {
  readonly images: FoundImages;
  readonly rejected: Rejected[];
}

/** A picture with its person, before it is known what becomes of a gallery. */
type Placed = Omit<NamedImage, 'part'> & { readonly part?: GivenPart };

const outsideFolder =
  "The picture is not in a person's folder: move it into the folder of its person, or set data.people if another " +
  'level of folders, or the names of the files, are the people.';
const besideParts =
  'The picture is beside the folders of parts, such as train and test, and in none of them: move it into one of them.';
const unnamed = 'The name of the file has no person before a number, as in Ann_0001.jpg: rename it.';

/**
 * Finds the pictures of a source in which each person has a folder, at any depth, with or without folders of parts
 * around them. Folders inside a person's folder belong to the same person.
 */
export async function importFolders(
  source: string,
  people: Plan['data']['people'],
  { rule, signal }: { readonly rule: LinkRule; readonly signal?: AbortSignal | undefined },
): Promise<Found> {
  const { tree, rejected } = await readFolderTree(source, rule, signal);
  const { images, ...found } = fromManifest(tree) ?? fromFolders(tree, people);
  const states = await withFileStates(images, rule);
  const table = await faceTableIn(source);
  const unread =
    table === null ? '' : `\n${printable(table)} lists pictures and people; choose it as the source to use it.`;
  const understood = `${found.understood ?? ''}${unread}`;
  return {
    ...found,
    understood,
    images: states.images,
    rejected: [...rejected, ...found.rejected, ...states.rejected],
  };
}

interface NamedFound extends Pick<Dataset, 'partsGivenBy' | 'understood'> {
  readonly images: readonly NamedImage[];
  readonly rejected: readonly Rejected[];
}

function fromFolders(tree: FolderTree, people: Plan['data']['people']): NamedFound {
  const folders = readSourceFolders(tree, people);
  const { placed, rejected } = placePictures(folders);
  const outside = rejected.length;
  const facts = readIdentityMeta(tree.path, folders.around.path, rejected);
  const images = partsOfGallery(placed).map((image) => {
    const attributes = facts.get(image.identity);
    return attributes ? { ...image, attributes } : image;
  });
  const given = folders.tops.filter(({ part }) => part !== null).map(({ folder }) => folder.name);
  const inside = folders.partsInside;
  return {
    images,
    rejected,
    ...(given.length > 0 && { partsGivenBy: `the folders ${printable(listed(given))}` }),
    ...(inside.length > 0 && { partsGivenBy: `the folders ${printable(listed(inside))} of each person` }),
    understood: describeFolders(tree, folders, { images, outside }),
  };
}

const listed = (names: readonly string[]): string =>
  names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** Gives each picture its person and its part, or the reason why it has none. */
function placePictures({ tops, topLevel, people, partsInside, unused, around }: SourceFolders): {
  readonly placed: Placed[];
  readonly rejected: Rejected[];
} {
  const placed: Placed[] = [];
  const rejected: Rejected[] = [];
  const leaveOut = ({ path, pictures }: FolderTree, reason: string): void => {
    for (const name of pictures) rejected.push({ path: join(path, name), reason });
  };
  if (tops.every(({ folder }) => folder !== around)) leaveOut(around, outsideFolder);
  for (const folder of unused) for (const inside of withInner(folder)) leaveOut(inside, besideParts);
  const isByFileName = (top: PartFolder) => people === 'fileName' || top.byFileName === true;
  const files = tops.filter(isByFileName).flatMap(({ folder }) => withInner(folder));
  const personOf = peopleOfFileNames(files.flatMap(({ pictures }) => pictures));
  for (const top of tops) {
    if (people === 'fileName' || isByFileName(top)) placeByFileName(top, personOf, { placed, rejected });
    else placeByLevel(top, people - topLevel, { placed, leaveOut, partsInside });
  }
  return { placed, rejected };
}

function placeByFileName(
  top: PartFolder,
  personOf: PersonOfFileName,
  { placed, rejected }: { readonly placed: Placed[]; readonly rejected: Rejected[] },
): void {
  const stranger = nameStrangers(top.folder.path);
  for (const { path: folder, pictures } of withInner(top.folder)) {
    for (const name of pictures) {
      const path = join(folder, name);
      const identity = personOf(name) ?? (top.part === 'distractors' ? stranger(path) : null);
      if (identity === null) rejected.push({ path, reason: unnamed });
      else placed.push({ path, identity, ...partOf(top) });
    }
  }
}

function placeByLevel(
  top: PartFolder,
  levels: number,
  {
    placed,
    leaveOut,
    partsInside,
  }: {
    readonly placed: Placed[];
    readonly leaveOut: (folder: FolderTree, reason: string) => void;
    readonly partsInside: readonly string[];
  },
): void {
  const place = (folder: FolderTree, identityOf: (path: string) => string, part = top.part): void => {
    for (const name of folder.pictures) {
      const path = join(folder.path, name);
      placed.push({ path, identity: identityOf(path), ...partOf({ part }) });
    }
  };
  const stranger = nameStrangers(top.folder.path);
  let around: readonly FolderTree[] = [top.folder];
  for (let level = 0; level < levels; level++) {
    for (const folder of around) {
      // Each picture that lies directly among the distractors shows a stranger of whom there is no other.
      if (top.part === 'distractors') place(folder, stranger);
      else leaveOut(folder, outsideFolder);
    }
    around = around.flatMap(({ folders }) => folders);
  }
  for (const person of around) {
    const identity = person.name.normalize('NFC');
    place(person, () => identity);
    for (const inner of person.folders) {
      const part = partsInside.includes(inner.name) ? (partOfFolder(inner.name)?.part ?? null) : top.part;
      for (const folder of withInner(inner)) place(folder, () => identity, part);
    }
  }
}

const partOf = ({ part }: Pick<PartFolder, 'part'>): { readonly part?: GivenPart } => (part === null ? {} : { part });

/** A folder and all folders inside it. */
const withInner = (folder: FolderTree): readonly FolderTree[] => [folder, ...folder.folders.flatMap(withInner)];

/** The folders of a split that ArcBench wrote, with the people that its manifest names; null if there is none. */
function fromManifest(tree: FolderTree): NamedFound | null {
  for (let folder: FolderTree | undefined = tree; folder; folder = folder.folders[0]) {
    const manifest = readSplitManifest(folder.path);
    if (manifest) return byManifest(folder, manifest);
    if (folder.folders.length !== 1) return null;
  }
  return null;
}

function byManifest(root: FolderTree, { pictures, people }: SplitManifest): NamedFound {
  const images: NamedImage[] = [];
  const rejected: Rejected[] = [];
  const present = new Set<string>();
  for (const folder of withInner(root)) {
    const inside = relative(root.path, folder.path).split(sep).join('/');
    for (const name of folder.pictures) {
      const file = inside === '' ? name : `${inside}/${name}`;
      present.add(file);
      const path = join(folder.path, name);
      const entry = pictures.get(file) ?? addedPicture(inside, people);
      if (entry) images.push({ path, ...entry });
      else rejected.push({ path, reason: outsideFolder });
    }
  }
  for (const file of pictures.keys()) {
    const reason = 'The manifest of the split names the picture, and it is not there: write the split again.';
    if (!present.has(file)) rejected.push({ path: join(root.path, file), reason });
  }
  const added = images.length - [...pictures.keys()].filter((file) => present.has(file)).length;
  const count = new Set(images.map(({ identity }) => identity)).size;
  return {
    images,
    rejected,
    partsGivenBy: 'the split folders that ArcBench wrote',
    understood:
      `${counted(count, 'person', 'people')}: split folders that ArcBench wrote, with the people and parts ` +
      `of their manifest.json` +
      `${added > 0 ? `; ${counted(added, 'picture', 'pictures')} that it does not name by their folders` : ''}.`,
  };
}

/** Person and part of a picture that someone added to the folders; null where it has none. */
function addedPicture(
  inside: string,
  people: ReadonlyMap<string, string>,
): Pick<NamedImage, 'identity' | 'part'> | null {
  const [first = '', person] = inside.split('/');
  const part = partOfWord(first);
  if (part === null || part === 'gallery' || person === undefined) return null;
  return { identity: people.get(`${first}/${person}`) ?? person.normalize('NFC'), part };
}
