import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { printable } from '../../src-shared/printable.ts';
import type { FolderTree } from './folderTree.ts';
import { partOfWord, type GivenPart } from './partWords.ts';
import { choosePeopleLevel, type LevelFound } from './peopleLevel.ts';
import { namePeople } from './personOfFileName.ts';

/** A folder whose pictures have one part, or any where the source states none. */
export interface PartFolder {
  readonly folder: FolderTree;
  readonly part: GivenPart | null;
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
  /** Folders beside the parts, and the folder around both. Their pictures have no person. */
  readonly unused: readonly FolderTree[];
  readonly around: FolderTree;
}

/**
 * Decides which folders are parts and which are people. Throws 'wrong-input' if two levels may be people: then
 * data.people has to say which.
 */
export function readSourceFolders(tree: FolderTree, people: Plan['data']['people']): SourceFolders {
  const around = innermost(tree, typeof people === 'number' ? people - 1 : Infinity);
  const parts = partFolders(around.folder);
  const isBelowParts = typeof people !== 'number' || people > around.level + 1;
  const found =
    parts && isBelowParts
      ? { ...parts, topLevel: around.level + 1 }
      : { tops: [{ folder: around.folder, part: null }], unused: [], topLevel: around.level };
  const decided = decidePeople(tree, found, people);
  return { ...found, ...decided, around: around.folder };
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
 * two or more, and where other folders lie beside them, two of them must have folders inside.
 */
function partFolders({ folders }: FolderTree): { tops: PartFolder[]; unused: FolderTree[] } | null {
  const tops = folders.flatMap((folder) => {
    const part = partOfWord(folder.name);
    return part === null ? [] : [{ folder, part }];
  });
  const unused = folders.filter((folder) => partOfWord(folder.name) === null);
  if (new Set(tops.map(({ part }) => part)).size < 2) return null;
  const deep = tops.filter(({ folder }) => folder.folders.length > 0).length;
  return unused.length === 0 || deep >= 2 ? { tops, unused } : null;
}

function decidePeople(
  tree: FolderTree,
  { tops, topLevel }: Pick<SourceFolders, 'tops' | 'topLevel'>,
  people: Plan['data']['people'],
): Pick<SourceFolders, 'people' | 'because'> {
  if (people !== 'auto') return { people, because: 'data.people says so' };
  // Distractors may be flat: each of their pictures is then a stranger.
  const asked = tops.filter(({ folder, part }) => part !== 'distractors' || folder.folders.length > 0);
  const names = asked.flatMap(({ folder }) => folder.pictures);
  const areFlat = asked.every(({ folder }) => folder.folders.length === 0);
  if (areFlat && namePeople(names))
    return { people: 'fileName', because: 'the folders hold pictures only, and their names repeat' };
  const chosen = choosePeopleLevel(asked.map(({ folder }) => folder));
  if ('unclear' in chosen) throw askForLevel(tree, topLevel, chosen.unclear);
  return { people: topLevel + chosen.level, because: chosen.because };
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
