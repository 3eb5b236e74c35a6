import type { FolderTree } from './folderTree.ts';
import { partOfFolder } from './partWords.ts';

/** A folder of a level. Folders of one name, as in train and test, are one. */
interface Placed {
  readonly name: string;
  readonly parent: string;
  readonly folder: FolderTree;
}

/** What the folders of a level are, with the reason as the end of a sentence. */
interface Judgement {
  readonly level: 'people' | 'groups' | 'unclear';
  readonly because: string;
}

/** Which folders are people: their level below the tops, 1 for the sub-folders of the tops. */
export type PeopleLevel =
  { readonly level: number; readonly because: string } | { readonly unclear: readonly [LevelFound, LevelFound] };

/** A level that may be that of people, for a question to the user. */
export interface LevelFound {
  readonly level: number;
  readonly folders: number;
  readonly example: string;
}

// Thresholds of the rule, which docs/data.md states in words.
const fewDirectPictures = 0.05;
const nearlyAll = 0.9;
const mostFoldersOfPeople = 3; // of sessions: two people with three sessions each are no riddle
const clearlyMore = 10;

const pieceWord =
  /^(part|shard|chunk|batch|block|bucket|piece|split|group|subset|set|volume|vol|disk|archive|package|pack|class(es)?)[\s_.-]*\d*$/i;
const sessionWord = new RegExp(
  '^(session|sess|sequence|seq|video|vid|clip|shot|scene|day|date|cam|camera|view|pose|visit|front|frontal|profile|' +
    'left|right|side|indoor|outdoor|raw|orig|original|crop|cropped|align|aligned|face|image|img|photo|picture|pic|' +
    'frame|old|new|more|extra|misc|other)s?[\\s_.-]*\\d*$',
  'i',
);
const date = /^(19|20)\d\d[-_.]?\d\d[-_.]?\d\d/;
const digitsOnly = /^[\d_.-]+$/;

/**
 * Decides from names and counts which folders are people, from the top down. A level of folders is that of people
 * unless it clearly holds groups of people. Where names and counts speak for both, it is unclear.
 */
export function choosePeopleLevel(tops: readonly FolderTree[]): PeopleLevel {
  let here = below(tops.map((folder) => ({ name: '', parent: '', folder })));
  let extended = false;
  let because = 'no folders are above them';
  for (let level = 1; ; level++) {
    const inside = below(here);
    const judged = judge(here, inside, extended);
    if (judged.level === 'people') return { level, because: level === 1 ? judged.because : because };
    if (judged.level === 'unclear') return { unclear: [found(level, here), found(level + 1, inside)] };
    extended = extendNumbers(inside);
    because = judged.because;
    here = inside;
  }
}

const below = (placed: readonly Placed[]): Placed[] =>
  placed.flatMap(({ name, folder }) =>
    folder.folders.map((inside) => ({ name: inside.name.normalize('NFC'), parent: name, folder: inside })),
  );

const found = (level: number, placed: readonly Placed[]): LevelFound => ({
  level,
  folders: new Set(placed.map(({ name }) => name)).size,
  example: placed[0]?.name ?? '',
});

/** Judges a level by its folders and those inside them. `extended`: its names extend the numbers above. */
function judge(here: readonly Placed[], inside: readonly Placed[], extended: boolean): Judgement {
  if (inside.length === 0) return { level: 'people', because: 'no folders are inside them' };
  const names = new Set(here.map(({ name }) => name));
  const arePieces = most([...names], (name) => pieceWord.test(name));
  const sum = (count: (folder: FolderTree) => number) => here.reduce((total, { folder }) => total + count(folder), 0);
  const direct = sum(({ pictures }) => pictures.length) / sum(({ total }) => total);
  if (direct >= fewDirectPictures)
    return arePieces && direct < 0.5
      ? { level: 'unclear', because: '' }
      : { level: 'people', because: 'pictures lie directly in them' };
  const [first = ''] = names;
  if (names.size === 1) return { level: 'groups', because: `${first} is the only folder above them` };
  return judgeByNames({ first, names, arePieces, here, inside, extended });
}

function judgeByNames({
  first,
  names,
  arePieces,
  here,
  inside,
  extended,
}: {
  readonly first: string;
  readonly names: ReadonlySet<string>;
  readonly arePieces: boolean;
  readonly here: readonly Placed[];
  readonly inside: readonly Placed[];
  readonly extended: boolean;
}): Judgement {
  const isSession = ({ name }: { readonly name: string }) => isSessionName(name);
  const areSessions = most(here, isSession);
  const insideAreSessions = most(inside, isSession);
  const { repeated, distinct, folders } = repetition(inside);
  if (arePieces && repeated && most(inside, ({ name }) => digitsOnly.test(name)))
    return { level: 'unclear', because: '' }; // each piece may count its people from 0
  if ((arePieces || areSessions) && !insideAreSessions)
    return { level: 'groups', because: `names such as ${first} are not those of people` };
  if (arePartNames(inside.map(({ name }) => name)))
    return { level: 'people', because: `parts such as ${inside[0]?.name ?? ''} are inside them` };
  if (insideAreSessions)
    return { level: 'people', because: `names such as ${inside[0]?.name ?? ''} inside them are not those of people` };
  if (most(inside, ({ name, parent }) => /^\p{L}$/u.test(parent) && startsAlike(name, parent)))
    return { level: 'groups', because: `${first} is only the first letter of the names in it` };
  if (extendNumbers(inside) && (extended || extendNumbers(below(inside))))
    return { level: 'groups', because: `their names, such as ${inside[0]?.name ?? ''}, extend those above them` };
  if (repeated)
    return distinct <= Math.max(names.size, mostFoldersOfPeople)
      ? { level: 'people', because: 'the folders inside them have the same names' }
      : { level: 'unclear', because: '' };
  const inEach = folders / names.size;
  if (inEach >= clearlyMore * names.size)
    return { level: 'groups', because: `${Math.round(inEach)} of them lie in each of ${names.size} folders` };
  return inEach <= names.size
    ? { level: 'people', because: `only ${inEach.toFixed(1).replace('.0', '')} folders are inside each of them` }
    : { level: 'unclear', because: '' };
}

/** Whether folders are parts by their names: train and others, as in Ann/train and Ann/test. */
export function arePartNames(names: readonly string[]): boolean {
  const parts = names.map((name) => partOfFolder(name)).map((found) => (found?.beside === '' ? found.part : null));
  return parts.includes('train') && new Set(parts).size > 1 && most(parts, (part) => part !== null);
}

/** Whether a folder's name is that of a session, a camera or a date, and not that of a person. */
export const isSessionName = (name: string): boolean => sessionWord.test(name) || date.test(name);

/** Whether half of the folders have a name that also stands elsewhere; folders of one parent and name are one. */
function repetition(inside: readonly Placed[]): {
  readonly repeated: boolean;
  readonly distinct: number;
  readonly folders: number;
} {
  const parentsOf = new Map<string, Set<string>>();
  for (const { name, parent } of inside) {
    const parents = parentsOf.get(name);
    if (parents) parents.add(parent);
    else parentsOf.set(name, new Set([parent]));
  }
  const counts = [...parentsOf.values()].map((parents) => parents.size);
  const folders = counts.reduce((sum, count) => sum + count, 0);
  const elsewhere = counts.filter((count) => count > 1).reduce((sum, count) => sum + count, 0);
  return { repeated: elsewhere >= folders / 2, distinct: parentsOf.size, folders };
}

/** Whether the names continue those of their parents, which are numbers: 0_0 in 0, 0_0_0000007 in 0_0. */
const extendNumbers = (inside: readonly Placed[]): boolean =>
  most(inside, ({ name, parent }) => digitsOnly.test(parent) && name.length > parent.length && name.startsWith(parent));

const startsAlike = (name: string, letter: string): boolean => name.toLowerCase().startsWith(letter.toLowerCase());

const most = <T>(list: readonly T[], holds: (item: T) => boolean): boolean =>
  list.length > 0 && list.filter(holds).length >= nearlyAll * list.length;
