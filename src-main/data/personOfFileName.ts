import { parse } from 'node:path';
import { groupBy } from '../../src-shared/groupBy.ts';
import { pictureKindOfName } from './pictureFormat.ts';

// Cameras, phones and scripts name their pictures so. These are not people.
const noPerson = /^(img|image|dsc|dscf|dscn|pxl|p|pic|picture|photo|frame|face|scan|screenshot|wp|mvi|\d{7,})$/i;

/** The forms of a name with its person in front, the usual first. */
const forms = [
  /^(.*?[^\s_.-])[\s_.-]+\d+$/u, // Ann_Lee_0001
  /^(.*?[^\s_.(-])[\s_.-]*\(\d+\)$/u, // Ann (1), as Windows numbers files
  /^(\p{L}+\d+)[_.-]\p{L}+$/u, // subject01.happy, as in the Yale faces
  /^(\p{L}+)\d+$/u, // Ann1
];

/** Who is in a picture by its file name; null if the name names nobody. */
export type PersonOfFileName = (file: string) => string | null;

/**
 * Reads the person in front of the number in file names: Ann_Lee of Ann_Lee_0001.jpg. Words that follow most people,
 * such as AN1 in KA.AN1.39.tiff and YM.AN1.61.tiff, say how they look, and are left out.
 */
export function peopleOfFileNames(files: readonly string[]): PersonOfFileName {
  const named = files.map(beforeNumber).filter((name) => name !== null);
  if (!followSharedWords(named)) return beforeNumber;
  return (file) => {
    const name = beforeNumber(file);
    return name === null ? null : (divided(name)?.person ?? name);
  };
}

function beforeNumber(file: string): string | null {
  const name = stemOf(file);
  const person = forms.map((form) => form.exec(name)?.[1]).find((found) => found !== undefined);
  return person?.normalize('NFC') ?? null;
}

/** A name divided at its last separator; null where it has none. */
function divided(name: string): { readonly person: string; readonly word: string } | null {
  const found = /^(.+)[\s_.-]([^\s_.-]+)$/u.exec(name);
  return found && { person: found[1] as string, word: found[2] as string };
}

/** Whether the last words of names are shared by most people, each of whom has several: families are not. */
function followSharedWords(names: readonly string[]): boolean {
  const parts = names.map(divided).filter((part) => part !== null);
  if (parts.length < 0.9 * names.length) return false;
  const people = groupBy(parts, ({ person }) => person);
  const words = groupBy(parts, ({ word }) => word);
  const sharers = (word: string): number => new Set(words.get(word)?.map(({ person }) => person)).size;
  const shared = [...words.keys()].filter((word) => sharers(word) >= 0.8 * people.size);
  return people.size > 2 && shared.length > 1 && shared.length >= 0.8 * words.size;
}

/** The name without its ending; what is no ending of a picture, as in subject01.happy, belongs to the name. */
const stemOf = (file: string): string => (pictureKindOfName(file) === 'unknown' ? file : parse(file).name);

/** Whether file names can be taken for people without being asked to: nearly all name one, and most of them twice. */
export function namePeople(files: readonly string[]): boolean {
  const counts = new Map<string, number>();
  const personOf = peopleOfFileNames(files);
  for (const file of files) {
    const person = personOf(file);
    if (person !== null && !noPerson.test(person)) counts.set(person, (counts.get(person) ?? 0) + 1);
  }
  const named = [...counts.values()];
  const several = named.filter((count) => count > 1).length;
  const pictures = named.reduce((sum, count) => sum + count, 0);
  return counts.size >= 2 && pictures >= 0.9 * files.length && several >= counts.size / 2;
}

/** Whether nearly all file names name one of some people. */
export function nameKnownPeople(files: readonly string[], people: ReadonlySet<string>): boolean {
  const personOf = peopleOfFileNames(files);
  const known = files.filter((file) => people.has(personOf(file) ?? ''));
  return files.length > 0 && known.length >= 0.9 * files.length;
}
