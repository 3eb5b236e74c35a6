import { parse } from 'node:path';
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

/** The person whom a file name names before its number: Ann_Lee of Ann_Lee_0001.jpg; null if it names none. */
export function personOfFileName(file: string): string | null {
  const name = stemOf(file);
  const person = forms.map((form) => form.exec(name)?.[1]).find((found) => found !== undefined);
  return person?.normalize('NFC') ?? null;
}

/** The name without its ending; what is no ending of a picture, as in subject01.happy, belongs to the name. */
const stemOf = (file: string): string => (pictureKindOfName(file) === 'unknown' ? file : parse(file).name);

/** Whether file names can be taken for people without being asked to: nearly all name one, and most of them twice. */
export function namePeople(files: readonly string[]): boolean {
  const counts = new Map<string, number>();
  for (const file of files) {
    const person = personOfFileName(file);
    if (person !== null && !noPerson.test(person)) counts.set(person, (counts.get(person) ?? 0) + 1);
  }
  const named = [...counts.values()];
  const several = named.filter((count) => count > 1).length;
  const pictures = named.reduce((sum, count) => sum + count, 0);
  return counts.size >= 2 && pictures >= 0.9 * files.length && several >= counts.size / 2;
}

/** Whether nearly all file names name one of some people. */
export function nameKnownPeople(files: readonly string[], people: ReadonlySet<string>): boolean {
  const known = files.filter((file) => people.has(personOfFileName(file) ?? ''));
  return files.length > 0 && known.length >= 0.9 * files.length;
}
