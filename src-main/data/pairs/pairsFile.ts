import { parse } from 'csv-parse/sync';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { readTextFile } from '../../files/readTextFile.ts';
import { tableText } from '../csvText.ts';

/** A picture as a list of pairs names it: the n-th of a person, or a file. */
export type ListedPicture = { readonly person: string; readonly number: number } | { readonly file: string };

export interface ListedPair {
  readonly first: ListedPicture;
  readonly second: ListedPicture;
  readonly same: boolean;
  readonly fold: number;
}

/** A pair whose fold the list gives, or not. */
type ReadPair = Omit<ListedPair, 'fold'> & { readonly fold: number | null };

interface Line {
  readonly number: number;
  readonly text: string;
  readonly cells: readonly string[];
}
type Refuse = (line: Line | undefined, expected: string) => ArcBenchError;

const foldsWithoutList = 10;
const known =
  "pairs as in LFW's pairs.txt (name n m; name n other m), lines of two paths and 1 or 0, pairs of lines as in " +
  'CPLFW or CALFW, or a CSV with the columns file_x, file_y and Decision';

/**
 * Reads a list of pairs in any of the forms in use: LFW's pairs.txt, with or without its first line (RFW) or with one
 * number in it (pairsDevTest.txt); two paths and a label; CPLFW's and CALFW's two lines a pair; a CSV with a column of
 * decisions. Where the list gives no folds there are ten, in its order. Throws 'wrong-input' naming the line.
 */
export function readPairsFile(path: string): ListedPair[] {
  const text = readTextFile(path, `a list of pairs was expected; correct the path`);
  const lines = linesOf(text);
  const refuse: Refuse = (line, expected) =>
    new ArcBenchError(
      'wrong-input',
      line === undefined
        ? `${path} holds no pairs: ${expected} were expected; correct the file, or name another one.`
        : `Line ${line.number} of ${path} is '${line.text.slice(0, 80)}': ${expected} was expected; correct the file ` +
            'or name another one.',
    );
  const pairs = withFolds(readLines(text, lines, refuse));
  if (pairs.length === 0) throw refuse(undefined, known);
  return pairs;
}

/** The words of a line: between tabs, semicolons or commas where it has them, because a name may have blanks. */
function cellsOf(line: string): string[] {
  const separator = ['\t', ';', ','].find((one) => line.split(one).length > 2) ?? (line.includes('\t') ? '\t' : ' ');
  const text = separator === ' ' ? line.replace(/\s/g, ' ') : line;
  return text
    .split(separator)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '');
}

function linesOf(text: string): Line[] {
  return text.split(/\r\n|\n|\r/).flatMap((line, index) => {
    const trimmed = line.normalize('NFC').trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    return [{ number: index + 1, text: trimmed, cells: cellsOf(trimmed) }];
  });
}

const isWhole = (cell: string | undefined): boolean => cell !== undefined && /^\d{1,9}$/.test(cell);

function readLines(text: string, lines: readonly Line[], refuse: Refuse): ReadPair[] {
  const [first] = lines;
  if (first === undefined) throw refuse(undefined, known);
  if (isDecisionHeader(first.text)) return readDecisions(text, refuse);
  // Kaggle's copy of LFW has its pairs as tables.
  if (/^name[,;]imagenum1\b/i.test(first.text)) return lines.slice(1).map((line) => readNames(line, refuse, null));
  if (first.cells.length <= 2 && first.cells.every(isWhole)) return readCountedNames(first, lines.slice(1), refuse);
  if (isWhole(first.cells[1]) && first.cells.length === 2 && lines.length > 1) return readTwoLines(lines, refuse);
  if (isWhole(first.cells[1]) && first.cells.length > 2) return lines.map((line) => readNames(line, refuse, null));
  if (first.cells.length === 3) return lines.map((line) => readPaths(line, refuse));
  throw refuse(first, known);
}

/** LFW: the first line gives folds and pairs of a kind in each; one number gives the pairs of a kind, without folds. */
function readCountedNames(head: Line, lines: readonly Line[], refuse: Refuse): ReadPair[] {
  const [folds, ofFold] = head.cells.map(Number);
  const counts = head.cells.length === 2;
  if (counts && !((folds ?? 0) >= 2 && (ofFold ?? 0) >= 1))
    throw refuse(head, 'the number of folds, 2 or more, and of pairs of a kind in each');
  const read = lines.map((line, index) =>
    readNames(line, refuse, counts ? Math.min((folds ?? 0) - 1, Math.floor(index / (2 * (ofFold ?? 1)))) : null),
  );
  const stated = 2 * (folds ?? 0) * (counts ? (ofFold ?? 0) : 1);
  if (read.length > 0 && read.length !== stated)
    throw refuse(head, `a line for a list of ${read.length} pairs (it states ${stated})`);
  return read;
}

function readNames(line: Line, refuse: Refuse, fold: number | null): ReadPair {
  const [name = '', number, other, otherNumber] = line.cells;
  const [person, at] = line.cells.length === 3 ? [name, other] : [other, otherNumber];
  const fits = line.cells.length === 3 || line.cells.length === 4;
  if (!fits || person === undefined || !isWhole(number) || !isWhole(at))
    throw refuse(line, "'name n m' or 'name n other m', as in LFW's pairs.txt,");
  return {
    first: { person: name, number: Number(number) },
    second: { person, number: Number(at) },
    same: name === person,
    fold,
  };
}

/** insightface: two paths and 1 for one person, 0 for two. */
function readPaths(line: Line, refuse: Refuse): ReadPair {
  const [first = '', second = '', label = ''] = line.cells;
  const same = truthOf(label);
  if (line.cells.length !== 3 || same === null)
    throw refuse(line, "two paths and 1 for one person or 0 for two, as in 'a.jpg b.jpg 1',");
  return { first: { file: first }, second: { file: second }, same, fold: null };
}

/** CPLFW: a line for each picture, with 1 or 0; CALFW: with the fold from 1 for one person, and 0 for two. */
function readTwoLines(lines: readonly Line[], refuse: Refuse): ReadPair[] {
  const expected = "two lines a pair, each a file and the same number, as in CPLFW's 'Name_0001.jpg 1',";
  const givesFolds = lines.some((line) => Number(line.cells[1]) > 1);
  return Array.from({ length: Math.ceil(lines.length / 2) }, (_, pair) => {
    const first = lines[2 * pair] as Line;
    const second = lines[2 * pair + 1];
    if (!second) throw refuse(first, expected);
    for (const line of [first, second])
      if (line.cells.length !== 2 || !isWhole(line.cells[1])) throw refuse(line, expected);
    if (first.cells[1] !== second.cells[1]) throw refuse(second, expected);
    const number = Number(first.cells[1]);
    return {
      first: { file: first.cells[0] as string },
      second: { file: second.cells[0] as string },
      same: number > 0,
      fold: givesFolds && number > 0 ? number - 1 : null,
    };
  });
}

const decisionColumns = ['decision', 'label', 'same', 'issame', 'is_same', 'match', 'is_match', 'genuine', 'target'];

const isDecisionHeader = (text: string): boolean => {
  const cells = text
    .toLowerCase()
    .replaceAll('"', '')
    .split(/[,;\t]/);
  return cells.length >= 3 && cells.some((cell) => decisionColumns.includes(cell.trim()));
};

/** deepface: a CSV with two columns of files and one that says Yes or No. */
function readDecisions(text: string, refuse: Refuse): ReadPair[] {
  const { text: table, delimiter } = tableText(text);
  let records: { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
  try {
    records = parse(table, {
      delimiter,
      skip_empty_lines: true,
      relax_column_count: true,
      trim: true,
      info: true,
    }) as never;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refuse({ number: 1, text: reason, cells: [] }, 'a CSV');
  }
  const [head, ...rows] = records;
  const names = (head?.record ?? []).map((name) => name.toLowerCase());
  const decision = names.findIndex((name) => decisionColumns.includes(name));
  const [first, second] = fileColumns(rows[0]?.record ?? [], decision);
  return rows.map(({ record, info }) => {
    const same = truthOf(record[decision]);
    const files = [record[first], record[second]].map((file) => (file ?? '').normalize('NFC'));
    if (same === null || files.includes(''))
      throw refuse(
        { number: info.lines, text: record.join(delimiter), cells: record },
        'two files and Yes or No, as in deepface,',
      );
    return { first: { file: files[0] as string }, second: { file: files[1] as string }, same, fold: null };
  });
}

/** The two columns of files: those that hold names with an ending or a folder, else the first two. */
function fileColumns(row: readonly string[], decision: number): readonly [first: number, second: number] {
  const others = [...row.keys()].filter((column) => column !== decision);
  const named = others.filter((column) => /[/\\]|\.[a-z]\w*$/i.test(row[column] ?? ''));
  const [first = -1, second = -1] = named.length >= 2 ? named : others;
  return [first, second];
}

function truthOf(cell: string | undefined): boolean | null {
  const word = (cell ?? '').toLowerCase().replace(/\.0$/, '');
  if (['yes', 'true', '1', 'same'].includes(word)) return true;
  return ['no', 'false', '0', '-1', 'different'].includes(word) ? false : null;
}

/**
 * Deals the pairs without a fold to ten in their order; where such folds would hold one kind only, as in lists that
 * begin with all pairs of one person, each kind is dealt on its own.
 */
function withFolds(pairs: readonly ReadPair[]): ListedPair[] {
  const folds = Math.min(foldsWithoutList, pairs.length);
  const inOrder = pairs.map((pair, index) => ({
    ...pair,
    fold: pair.fold ?? Math.floor((index * folds) / pairs.length),
  }));
  const kinds = Array.from({ length: folds }, () => new Set<boolean>());
  inOrder.forEach((pair) => kinds[pair.fold]?.add(pair.same));
  const givesAny = pairs.some((pair) => pair.fold !== null);
  if (!givesAny && kinds.every((both) => both.size === 2)) return inOrder;
  const count = { true: 0, false: 0 };
  const total = { true: 0, false: 0 };
  for (const pair of pairs) total[`${pair.same}`]++;
  return pairs.map((pair) => {
    const kind = `${pair.same}` as const;
    const place = count[kind]++;
    return { ...pair, fold: pair.fold ?? Math.floor((place * folds) / total[kind]) };
  });
}
