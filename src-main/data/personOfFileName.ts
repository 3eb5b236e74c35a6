import { parse } from 'node:path';

// Cameras, phones and scripts name their pictures so. These are not people.
const noPerson = /^(img|image|dsc|dscf|dscn|pxl|p|pic|picture|photo|frame|face|scan|screenshot|wp|mvi|\d{7,})$/i;

/** The person whom a file name names before its number: Ann_Lee of Ann_Lee_0001.jpg; null if it names none. */
export function personOfFileName(file: string): string | null {
  const person = /^(.*?[^\s_.-])[\s_.-]+\d+$/u.exec(parse(file).name)?.[1];
  return person === undefined ? null : person.normalize('NFC');
}

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
