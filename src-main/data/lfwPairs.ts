import { basename, extname } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { PreparedImage } from './preparedSet.ts';
import { readTextFile } from '../files/readTextFile.ts';

/** Two pictures, by their index in the prepared set, and whether they show the same person. */
export interface FacePair {
  readonly first: number;
  readonly second: number;
  readonly same: boolean;
  readonly fold: number;
}

type ListedPicture = readonly [person: string, number: number];
interface ListedPair {
  readonly first: ListedPicture;
  readonly second: ListedPicture;
  readonly fold: number;
}

/**
 * Reads a file in LFW's format: a line with the number of folds and of pairs in a fold, then for each fold its pairs
 * `name n m` of one person and `name n other m` of two people. Throws 'wrong-input' and names the line.
 */
function readPairs(path: string): ListedPair[] {
  const lines = readTextFile(path, "a pairs file in LFW's format was expected; correct evaluation.pairs").split(
    /\r?\n/,
  );
  const wrong = (line: number, expected: string) =>
    new ArcBenchError(
      'wrong-input',
      `Line ${line + 1} of ${path} is '${(lines[line] ?? '').slice(0, 80)}': ${expected} was expected, as in ` +
        `LFW's pairs.txt; correct the file or evaluation.pairs.`,
    );
  const [folds = Number.NaN, pairsInFold = Number.NaN] = (lines[0] ?? '').trim().split(/\s+/).map(Number);
  if (!(Number.isInteger(folds) && folds >= 2 && Number.isInteger(pairsInFold) && pairsInFold >= 1))
    throw wrong(0, 'the number of folds, 2 or more, and of pairs of a kind in each');
  const pairs: ListedPair[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const pictures = picturesOf(line);
    if (pictures === null) throw wrong(index, "'name n m' or 'name n other m'");
    const [first, second] = pictures;
    // A fold has that number of pairs of one person, and as many of two people.
    pairs.push({ first, second, fold: Math.min(folds - 1, Math.floor(pairs.length / (2 * pairsInFold))) });
  }
  return pairs;
}

/** The two pictures that a line names; null if it names something else. */
function picturesOf(line: string): readonly [ListedPicture, ListedPicture] | null {
  const between = line.includes('\t') ? '\t' : ' ';
  const cells = line
    .replace(/\s/g, (blank) => (blank === '\t' ? blank : ' '))
    .trim()
    .split(between)
    .filter((cell) => cell !== '');
  if (cells.length !== 3 && cells.length !== 4) return null;
  const [person, number] = cells as [string, string];
  const [other, otherNumber] = (cells.length === 3 ? [person, cells[2]] : cells.slice(2)) as [string, string];
  if (![number, otherNumber].every((text) => /^\d+$/.test(text))) return null;
  return [
    [person, Number(number)],
    [other, Number(otherNumber)],
  ];
}

/**
 * The pairs of a file in LFW's format whose pictures are in the set and whose people are not trained on. Picture n of a
 * person is Name_000n, or n. Throws 'wrong-input' if too few are left to verify with.
 */
export function heldOutPairs(
  path: string,
  images: readonly Pick<PreparedImage, 'path' | 'identity'>[],
  trained: readonly string[],
): { readonly listed: number; readonly pairs: readonly FacePair[] } {
  const listed = readPairs(path);
  const known = heldOutPictures(images, new Set(trained));
  const pairs = listed.flatMap(({ first, second, fold }): FacePair[] => {
    const a = known.get(keyOf(first));
    const b = known.get(keyOf(second));
    return a === undefined || b === undefined ? [] : [{ first: a, second: b, same: first[0] === second[0], fold }];
  });
  const hasBothKinds = pairs.some((pair) => pair.same) && pairs.some((pair) => !pair.same);
  if (!hasBothKinds || new Set(pairs.map((pair) => pair.fold)).size < 2)
    throw new ArcBenchError(
      'wrong-input',
      `Of the ${listed.length} pairs in ${path}, ${pairs.length} are of people who are in the data and not trained ` +
        'on: pairs of one person and of two people, in at least two folds, were expected; hold these people out with ' +
        'split.query, or raise split.minImages above the number of their pictures.',
    );
  return { listed: listed.length, pairs };
}

const keyOf = (picture: ListedPicture) => picture.join('\n');

/** The index of each numbered picture of the people who are not trained on. */
function heldOutPictures(
  images: readonly Pick<PreparedImage, 'path' | 'identity'>[],
  trained: ReadonlySet<string>,
): Map<string, number> {
  const known = new Map<string, number>();
  for (const [index, { path, identity }] of images.entries()) {
    const number = /(?<!\d)\d+$/.exec(basename(path, extname(path)))?.[0];
    if (number !== undefined && !trained.has(identity)) known.set(keyOf([identity, Number(number)]), index);
  }
  return known;
}
