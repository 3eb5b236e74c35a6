import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { printable } from '../../src-shared/printable.ts';
import type { FolderTree } from './folderTree.ts';
import { isFiller, partOfFolder, type GivenPart } from './partWords.ts';
import { arePartNames, choosePeopleLevel, type LevelFound } from './peopleLevel.ts';
import { nameKnownPeople, namePeople } from './personOfFileName.ts';

/** A folder whose pictures have one part, or any where the source states none. */
export interface PartFolder {
  readonly folder: FolderTree;
  readonly part: GivenPart | null;
  /** The folder holds pictures only, and their names name people, while other folders have people inside. */
  readonly byFileName?: boolean;
}

/** How the folders of a source are read. */
export interface SourceFolders {
  readonly tops: readonly PartFolder[];
  /** Levels of the tops below the source: 0 for the source itself. */
  readonly topLevel: number;
  /** The level of people's folders below the source, or that file names name people. */
  readonly people: number | 'fileName';
  /** Why, as the end of a sentence. */
  readonly because: string;
  /** The folders in each person's folder that are parts; none if the tops are, or if there are no parts. */
  readonly partsInside: readonly string[];
  /** Folders beside the parts, and the folder around both. Their pictures have no person. */
  readonly unused: readonly FolderTree[];
  readonly around: FolderTree;
}

/** Folders of parts with what lies beside them and above. */
type FoundParts = Pick<SourceFolders, 'tops' | 'topLevel' | 'unused' | 'around'>;

const deepestParts = 4;

/**
 * Decides which folders are parts and which are people. Throws 'wrong-input' if two levels may be people: then
 * data.people has to say which.
 */
export function readSourceFolders(tree: FolderTree, people: Plan['data']['people']): SourceFolders {
  const around = innermost(tree, typeof people === 'number' ? people - 1 : Infinity);
  const parts = findParts(around.folder, around.level + 1);
  const isBelowParts = typeof people !== 'number' || (parts !== null && people > parts.topLevel);
  const found =
    parts && isBelowParts
      ? { ...parts, tops: people === 'auto' ? alike(parts.tops) : parts.tops }
      : { tops: [{ folder: around.folder, part: null }], unused: [], topLevel: around.level, around: around.folder };
  const decided = decidePeople(tree, found, people);
  const partsInside = partsInsidePeople(found, decided.people);
  return { ...found, ...decided, partsInside };
}

/**
 * The folders of parts in a folder, or in one of its folders if others lie beside that one, such as a folder of notes.
 * Null if there are none.
 */
function findParts(folder: FolderTree, level: number): FoundParts | null {
  const parts = partFolders(folder);
  if (parts) return { ...parts, topLevel: level, around: folder };
  if (level > deepestParts) return null;
  const inside = folder.folders.flatMap((child) => findParts(child, level + 1) ?? []);
  const [only] = inside;
  if (only === undefined || inside.length > 1) return null;
  const pictures = only.tops.reduce((sum, top) => sum + top.folder.total, 0);
  const haveFolders = only.tops.filter((top) => top.folder.folders.length > 0).length >= 2;
  if (!haveFolders || pictures * 2 < folder.total) return null;
  const beside = folder.folders.filter((child) => child !== only.around && !holds(child, only.around));
  return { ...only, unused: [...only.unused, ...beside, { ...folder, folders: [] }] };
}

const holds = (folder: FolderTree, wanted: FolderTree): boolean =>
  folder.folders.some((child) => child === wanted || holds(child, wanted));

/**
 * Parts whose people lie equally deep: of train/images/Ann and test/Ann, the folder images is entered. A folder around
 * all distractors is entered too, because each of them is a stranger.
 */
function alike(tops: readonly PartFolder[]): readonly PartFolder[] {
  const wraps = tops.map(({ folder }) => (folder.folders.length === 0 ? null : innermost(folder, Infinity).level));
  const least = Math.min(...wraps.filter((count) => count !== null));
  return tops.map((top, index) => {
    const extra = (wraps[index] ?? 0) - least;
    const folder = extra > 0 ? innermost(top.folder, extra).folder : top.folder;
    const [inner] = folder.folders;
    const isWrapped =
      top.part === 'distractors' && folder.total === inner?.total && inner.folders.length === 0 && isFlatName(inner);
    return { ...top, folder: { ...(isWrapped ? inner : folder), name: top.folder.name } };
  });
}

const isFlatName = ({ name }: FolderTree): boolean =>
  partOfFolder(name)?.part === 'distractors' || name.split(/[\s_.-]/).every(isFiller);

/** The parts that nearly all folders inside people's folders are, as in Ann/train; none if they are not. */
function partsInsidePeople({ tops, topLevel }: FoundParts, people: SourceFolders['people']): readonly string[] {
  if (people === 'fileName' || tops.some(({ part }) => part !== null)) return [];
  let level = tops.map(({ folder }) => folder);
  for (let depth = topLevel; depth < people; depth++) level = level.flatMap(({ folders }) => folders);
  const names = level.flatMap(({ folders }) => folders.map(({ name }) => name));
  return arePartNames(names) ? [...new Set(names.filter((name) => partOfFolder(name)?.beside === ''))] : [];
}

/** Enters folders that are the only content of the folder around them, such as an archive's own folder. */
function innermost(tree: FolderTree, deepest: number): { readonly folder: FolderTree; readonly level: number } {
  let folder = tree;
  let level = 0;
  for (let only = onlyFolder(folder); only !== null && level < deepest; only = onlyFolder(folder)) {
    folder = only;
    level++;
  }
  return { folder, level };
}

function onlyFolder({ folders, pictures }: FolderTree): FolderTree | null {
  const [only] = folders;
  return folders.length === 1 && pictures.length === 0 && only && only.folders.length > 0 ? only : null;
}

/**
 * The folders that are parts by their names; null if a folder has none. A person may be called Dev or Val, so parts are
 * two or more, and where other folders lie beside them, two of them must have folders inside. What stands beside the
 * parts in their names, such as vggface2 in vggface2_train, has to be the same.
 */
function partFolders({ folders }: FolderTree): Pick<SourceFolders, 'tops' | 'unused'> | null {
  const named = folders.flatMap((folder) => {
    const found = partOfFolder(folder.name);
    return found === null ? [] : [{ folder, ...found }];
  });
  const groups = [...groupBy(named, ({ beside }) => beside).values()].map((group) => ({
    group,
    parts: new Set(group.map(({ part }) => part)).size,
  }));
  const best = groups.reduce((most, one) => (one.parts > most.parts ? one : most), { group: named, parts: 0 });
  if (best.parts < 2) return null;
  const tops = best.group.map(({ folder, part }) => ({ folder, part }));
  const unused = folders.filter((folder) => tops.every((top) => top.folder !== folder));
  const deep = tops.filter(({ folder }) => folder.folders.length > 0).length;
  return unused.length === 0 || deep >= 2 ? { tops, unused } : null;
}

function decidePeople(
  tree: FolderTree,
  { tops, topLevel }: FoundParts,
  people: Plan['data']['people'],
): Pick<SourceFolders, 'people' | 'because' | 'tops'> {
  if (people !== 'auto') return { tops, people, because: 'data.people says so' };
  // Distractors may be flat: each of their pictures is then a stranger.
  const asked = tops.filter(({ folder, part }) => part !== 'distractors' || folder.folders.length > 0);
  const names = asked.flatMap(({ folder }) => folder.pictures);
  const areFlat = asked.every(({ folder }) => folder.folders.length === 0);
  if (areFlat && namePeople(names))
    return { tops, people: 'fileName', because: 'the folders hold pictures only, and their names repeat' };
  const chosen = choosePeopleLevel(asked.map(({ folder }) => folder));
  if ('unclear' in chosen) throw askForLevel(tree, topLevel, chosen.unclear);
  const { level, because } = chosen;
  return { tops: withFlatParts(tops, level), people: topLevel + level, because };
}

/** Marks parts without folders whose pictures are named by people, such as a flat probe beside folders of train. */
function withFlatParts(tops: readonly PartFolder[], level: number): readonly PartFolder[] {
  const isFlat = ({ folder, part }: PartFolder) => part !== 'distractors' && folder.folders.length === 0;
  const flat = tops.filter(isFlat);
  if (flat.length === tops.length) return tops;
  const names = flat.flatMap(({ folder }) => folder.pictures);
  let people = tops.map(({ folder }) => folder);
  for (let depth = 0; depth < level; depth++) people = people.flatMap(({ folders }) => folders);
  const known = new Set(people.map(({ name }) => name.normalize('NFC')));
  if (!namePeople(names) && !nameKnownPeople(names, known)) return tops;
  return tops.map((top) => (isFlat(top) ? { ...top, byFileName: true } : top));
}

function askForLevel(
  tree: FolderTree,
  topLevel: number,
  [upper, lower]: readonly [LevelFound, LevelFound],
): ArcBenchError {
  const shown = ({ folders, level, example }: LevelFound) =>
    `${folders} folders such as ${printable(example)} (level ${topLevel + level})`;
  return new ArcBenchError(
    'wrong-input',
    `In ${tree.path}, the people may be the ${shown(upper)} or the ${shown(lower)} inside them: set data.people to ` +
      `${topLevel + upper.level} or ${topLevel + lower.level}, the level of the people's folders below the ` +
      'source, in the experiment or where the faces are imported.',
  );
}
