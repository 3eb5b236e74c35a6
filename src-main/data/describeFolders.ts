import { basename } from 'node:path';
import type { PartName } from '../../src-shared/splitSchema.ts';
import { printable } from '../../src-shared/printable.ts';
import { counted } from './counted.ts';
import type { FaceImage } from './dataset.ts';
import type { FolderTree } from './folderTree.ts';
import { isSessionName } from './peopleLevel.ts';
import type { PartFolder, SourceFolders } from './sourceFolders.ts';

const mostGroupsNamed = 5;

/** What became of the pictures of the folders. */
export interface Placement {
  readonly images: readonly Pick<FaceImage, 'identity' | 'part'>[];
  /** How many pictures have no person. */
  readonly outside: number;
}

/** Says in a sentence which folders are people and why, with a small tree below it. */
export function describeFolders(tree: FolderTree, folders: SourceFolders, { images, outside }: Placement): string {
  const people = new Set(images.map(({ identity }) => identity)).size;
  const how = folders.people === 'fileName' ? 'by the names of the files' : `folders at level ${folders.people}`;
  const parts = folders.tops.flatMap(({ part, folder }) => (part === null ? [] : [folder.name]));
  const flat = folders.tops.filter(({ byFileName }) => byFileName).map(({ folder }) => folder.name);
  const sentence =
    `${counted(people, 'person', 'people')}: ${how}, because ${folders.because}` +
    (flat.length > 0 ? `, and in ${flat.join(', ')} by the names of the files` : '') +
    (folders.partsInside.length > 0 ? `; parts given by their folders ${folders.partsInside.join(', ')}` : '') +
    (parts.length > 0 ? `; parts given by the folders ${parts.join(', ')}` : '') +
    (outside > 0 ? `; ${counted(outside, 'picture', 'pictures')} without a person left out` : '') +
    '.';
  return [
    printable(sentence),
    ...galleryLine(folders, images),
    ...groupLines(folders).map(printable),
    `  ${printable(basename(tree.path))}/`,
    ...folders.tops.flatMap((top) => topLines(top, folders)).map(printable),
  ].join('\n');
}

function galleryLine({ tops }: SourceFolders, images: Placement['images']): string[] {
  if (!tops.some(({ part }) => part === 'gallery')) return [];
  const count = (wanted: PartName) => images.filter(({ part }) => part === wanted).length;
  return [
    'Pictures of the gallery go to query if their person stands there, and to distractors if not: ' +
      `${count('query')} in query, ${count('distractors')} distractors.`,
  ];
}

/**
 * Folders without pictures of their own among people who have some, each taken for one person with the folders inside:
 * they may hold people instead.
 */
function groupLines({ tops, topLevel, people }: SourceFolders): string[] {
  if (people === 'fileName') return [];
  let level = tops.filter(({ byFileName }) => !byFileName).map(({ folder }) => folder);
  for (let depth = topLevel; depth < people; depth++) level = level.flatMap(({ folders }) => folders);
  const groups = level.filter(
    ({ pictures, folders }) =>
      pictures.length === 0 && folders.length > 1 && !folders.some(({ name }) => isSessionName(name)),
  );
  if (groups.length * 2 >= level.length) return [];
  return groups
    .slice(0, mostGroupsNamed)
    .map(
      ({ name, folders }) =>
        `${name} has no pictures of its own: its ${folders.length} folders, such as ${folders[0]?.name ?? ''}, are ` +
        `taken for one person, ${name}. If each of them is a person, move them to level ${people}.`,
    );
}

/** A line for a part, or for each level down to the people. */
function topLines({ folder, ...top }: PartFolder, { topLevel, people }: SourceFolders): string[] {
  const lines: string[] = [];
  const indent = (level: number) => '  '.repeat(level + 1);
  if (topLevel > 0) lines.push(`${indent(topLevel)}${folder.name}/  ${summary(folder, { ...top, people, topLevel })}`);
  if (people === 'fileName' || top.part !== null) return lines;
  let inside = folder.folders;
  for (let level = topLevel + 1; level <= people && inside[0]; level++) {
    const what = level === people ? 'people' : 'no people';
    const stray = inside.reduce((sum, { pictures }) => sum + pictures.length, 0);
    const direct = level < people && stray > 0 ? `; ${counted(stray, 'picture', 'pictures')} directly in them` : '';
    lines.push(`${indent(level)}${inside[0].name}/  level ${level}: ${inside.length} folders, ${what}${direct}`);
    inside = inside.flatMap(({ folders }) => folders);
  }
  return lines;
}

function summary(
  folder: FolderTree,
  {
    part,
    byFileName,
    people,
    topLevel,
  }: Pick<PartFolder, 'part' | 'byFileName'> & Pick<SourceFolders, 'people' | 'topLevel'>,
): string {
  const pictures = counted(folder.total, 'picture', 'pictures');
  if (part === null) return pictures;
  const as = folder.name.toLowerCase() === part ? '' : `${part}: `;
  if (part === 'distractors' && folder.folders.length === 0) return `${as}${pictures}, each of a stranger`;
  if (people === 'fileName' || byFileName) return `${as}${pictures}`;
  let inside: readonly FolderTree[] = [folder];
  for (let level = topLevel; level < people; level++) inside = inside.flatMap(({ folders }) => folders);
  return `${as}${counted(inside.length, 'person', 'people')}, ${pictures}`;
}
