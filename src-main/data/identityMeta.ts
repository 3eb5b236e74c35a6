import { parse } from 'csv-parse/sync';
import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { readTextFile } from '../files/readTextFile.ts';
import type { Rejected } from './dataset.ts';

const listName = 'identity_meta.csv';

/** What a list says of each person, by the name of the folder. */
export type PeopleFacts = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * What VGGFace2's identity_meta.csv says of each person: the columns after the first, such as Name and Gender. Looks in
 * the folder of the people and those above it up to the source. Empty without a list.
 */
export function readIdentityMeta(source: string, folder: string, rejected: Rejected[]): PeopleFacts {
  const list = placesUpTo(source, folder)
    .map((place) => join(place, listName))
    .find((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile());
  if (list === undefined) return new Map();
  try {
    return factsOf(readTextFile(list));
  } catch (error) {
    const reason =
      error instanceof ArcBenchError ? error.message : 'The list cannot be read as CSV: correct it, or remove it.';
    rejected.push({ path: list, reason });
    return new Map();
  }
}

function factsOf(text: string): PeopleFacts {
  const options = { bom: true, relax_quotes: true, relax_column_count: true, skip_empty_lines: true, trim: true };
  const [head = [], ...rows] = parse(text, options) as string[][];
  return new Map(
    rows.map(([person = '', ...cells]) => [
      person.normalize('NFC'),
      Object.fromEntries(cells.map((cell, index) => [head[index + 1] ?? `column ${index + 2}`, cell])),
    ]),
  );
}

function placesUpTo(source: string, folder: string): readonly string[] {
  const places = [folder];
  for (let place = folder; place !== source && place.startsWith(source); places.push(place)) place = dirname(place);
  return places;
}
