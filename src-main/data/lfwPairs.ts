import { basename, extname } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { PreparedImage } from './preparedSet.ts';
import { readTextFile } from '../files/readTextFile.ts';

/** Two pictures to be told apart or together; positions in the prepared set. */
export interface FacePair {
  readonly first: number;
  readonly second: number;
  readonly same: boolean;
  readonly fold: number;
}

interface ListedPair {
  readonly first: readonly [person: string, number: number];
  readonly second: readonly [person: string, number: number];
  readonly fold: number;
}

/**
 * Reads a file in LFW's format (a line of folds and pairs a fold; then for each fold its pairs `name n m` of one person
 * and `name n other m` of two). Throws 'wrong-input' naming the line.
 */
function readPairs(path: string): ListedPair[] {
  const lines = readTextFile(path, "a pairs file in LFW's format was expected; correct evaluation.pairs").split(
    /\r?\n/,
  );
  const [folds = Number.NaN, ofFold = Number.NaN] = (lines[0] ?? '').trim().split(/\s+/).map(Number);
  const wrong = (line: number, expected: string) =>
    new ArcBenchError(
      'wrong-input',
      `Line ${line + 1} of ${path} is '${(lines[line] ?? '').slice(0, 80)}': ${expected} was expected, as in ` +
        `LFW's pairs.txt; correct the file or evaluation.pairs.`,
    );
  if (!(Number.isInteger(folds) && folds >= 2 && Number.isInteger(ofFold) && ofFold >= 1))
    throw wrong(0, 'the number of folds, 2 or more, and of pairs of a kind in each');
  const pairs: ListedPair[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const cells = line.trim().split(line.includes('\t') ? /\t+/ : /\s+/);
    const [a, b, c, d] =
      cells.length === 3 ? [cells[0], cells[1], cells[0], cells[2]] : cells.length === 4 ? cells : [];
    if (a === undefined || c === undefined || ![b, d].every((number) => /^\d+$/.test(number ?? '')))
      throw wrong(index, "'name n m' or 'name n other m'");
    pairs.push({
      first: [a, Number(b)],
      second: [c, Number(d)],
      fold: Math.min(folds - 1, Math.floor(pairs.length / (2 * ofFold))),
    });
  }
  return pairs;
}

/**
 * The pairs of a file in LFW's format whose pictures are in the set and whose people never trained; throws
 * 'wrong-input' where none is. Picture n of a person is Name_000n, or n.
 */
export function heldOutPairs(
  path: string,
  images: readonly Pick<PreparedImage, 'path' | 'identity'>[],
  trained: readonly string[],
): { readonly listed: number; readonly pairs: readonly FacePair[] } {
  const listed = readPairs(path);
  const closed = new Set(trained);
  const known = new Map<string, number>();
  images.forEach(({ path: file, identity }, index) => {
    const number = /(\d+)$/.exec(basename(file, extname(file)))?.[1];
    if (number !== undefined && !closed.has(identity)) known.set(`${identity}\n${Number(number)}`, index);
  });
  const pairs = listed.flatMap(({ first, second, fold }): FacePair[] => {
    const a = known.get(first.join('\n'));
    const b = known.get(second.join('\n'));
    return a === undefined || b === undefined ? [] : [{ first: a, second: b, same: first[0] === second[0], fold }];
  });
  if (
    !pairs.some((pair) => pair.same) ||
    pairs.every((pair) => pair.same) ||
    new Set(pairs.map((pair) => pair.fold)).size < 2
  ) {
    throw new ArcBenchError(
      'wrong-input',
      `Of the ${listed.length} pairs in ${path}, ${pairs.length} are of people who are in the data and do ` +
        'not train: pairs of one person and of two, in at least two folds, were expected; hold these people ' +
        'out with split.query, or raise split.minImages above the pictures that they have.',
    );
  }
  return { listed: listed.length, pairs };
}
