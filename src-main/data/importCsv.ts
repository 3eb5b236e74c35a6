import { parse } from 'csv-parse/sync';
import { basename, dirname, resolve } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { PartName } from '../../src-shared/splitSchema.ts';
import { printable } from '../../src-shared/printable.ts';
import type { FoundImage, Rejected } from './dataset.ts';
import { counted } from './counted.ts';
import { csvColumns, type CsvColumns } from './csvColumns.ts';
import { findNamedFile, findPathRule, skippedFolders, type PathRule } from './csvPaths.ts';
import { tableText, type Delimiter } from './csvText.ts';
import { fileState, type FileState } from './fileState.ts';
import type { Found } from './importFolders.ts';
import { partOfDigit, partOfFolder, partsOfGallery, type GivenPart } from './partWords.ts';
import { readEncodedText } from '../files/readTextFile.ts';
import type { TextEncoding } from '../files/decodeText.ts';

const longestName = 1000; // characters of a person: folders have at most 255, lists may say more
const longestPath = 4096; // characters; no system has longer ones
const columnsShown = 12;

interface Table {
  readonly file: string;
  readonly head: readonly string[];
  readonly rows: readonly Row[];
  readonly delimiter: Delimiter;
  readonly encoding: TextEncoding;
}

interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

type ListedImage = Omit<FoundImage, 'part'> & { readonly part?: GivenPart };
interface Listed {
  readonly image: ListedImage;
  readonly line: number;
}
/** A picture, or why its line cannot be used; `path` is null if the line names none. */
type ReadRow = { readonly image: ListedImage } | { readonly path: string | null; readonly reason: string };

/**
 * Reads a CSV with a line for each picture: its path, its person, and if there are such columns its part and its ten
 * landmarks in pixels. Other columns are kept. Paths are relative to the file, and must be below `roots` if roots are
 * given. Throws 'wrong-input' if the header is wrong.
 */
export async function importCsv(file: string, roots?: readonly string[]): Promise<Found> {
  const table = readTable(file);
  const columns = withPartColumn(csvColumns(file, table.head), table);
  const named = table.rows.map(({ cells }) => cells[columns.path] ?? '');
  const rule = await findPathRule(file, named, roots);
  const first = new Map<string, Listed>();
  const rejected: Rejected[] = [];
  for (const row of table.rows) {
    const { line } = row;
    const read = await readRow(row, { table, columns, rule, roots });
    const refuse = (path: string | null, reason: string) =>
      rejected.push({ path: path ?? `${file}, line ${line}`, reason: `Line ${line} of ${file}: ${reason}` });
    if ('reason' in read) {
      refuse(read.path, read.reason);
      continue;
    }
    const before = first.get(read.image.path);
    if (before) refuse(read.image.path, whyTwice(before, read.image));
    else first.set(read.image.path, { image: read.image, line });
  }
  const images = [...partsOfGallery([...first.values()].map(({ image }) => image))];
  const partColumn = columns.part === null ? null : (table.head[columns.part] ?? null);
  return {
    images,
    rejected,
    ...(images.some(({ part }) => part !== undefined) && {
      partsGivenBy: `the column ${printable(partColumn ?? '')} of ${printable(basename(file))}`,
    }),
    understood: describe(table, { columns, rule, named: named.find((path) => path !== '') ?? '' }, images),
  };
}

/** Takes a column of part names for the parts where no column is called so, such as `set` or `usage`. */
function withPartColumn(columns: CsvColumns, { rows }: Table): CsvColumns {
  if (columns.part !== null) return columns;
  const found = columns.others.find(({ at }) => {
    const words = rows.map(({ cells }) => cells[at] ?? '').filter((word) => word !== '');
    const parts = words.map((word) => partOfCell(word));
    return new Set(parts).size > 1 && parts.every((part) => part !== null);
  });
  if (found === undefined) return columns;
  return { ...columns, part: found.at, others: columns.others.filter((column) => column !== found) };
}

/** The part that a cell names in words, such as 'train' or 'Test set'; null if it names none. */
function partOfCell(word: string): GivenPart | null {
  const found = partOfFolder(word);
  return found?.beside === '' ? found.part : null;
}

/** Why a picture that an earlier line names is not taken again. */
function whyTwice({ image, line }: Listed, again: ListedImage): string {
  if (image.identity !== again.identity)
    return (
      `line ${line} gives the picture to ${image.identity}, this one to ${again.identity}; line ${line} was taken: ` +
      'remove the wrong line.'
    );
  if (image.part !== again.part)
    return (
      `line ${line} puts the picture into ${image.part ?? 'no part'}, this one into ${again.part ?? 'no part'}; ` +
      `line ${line} was taken: remove the wrong line.`
    );
  return `line ${line} names the picture already; it was taken once: remove one of the lines.`;
}

function readTable(file: string): Table {
  const { text: content, encoding } = readEncodedText(file);
  const { text, delimiter } = tableText(content);
  const [head, ...rows] = readRecords(file, text, delimiter).map(({ record, line }) => ({
    cells: record.map((cell) => cell.trim()),
    line,
  }));
  return { file, head: head?.cells ?? [], rows, delimiter, encoding };
}

function readRecords(
  file: string,
  content: string,
  delimiter: Delimiter,
): { readonly record: string[]; readonly line: number }[] {
  try {
    return (
      parse(content, {
        delimiter,
        record_delimiter: ['\r\n', '\n', '\r'],
        skip_records_with_empty_values: true,
        skip_empty_lines: true,
        relax_column_count: true,
        info: true,
      }) as unknown as { record: string[]; info: { lines: number } }[]
    ).map(({ record, info }) => ({ record, line: info.lines }));
  } catch (cause) {
    throw new ArcBenchError(
      'wrong-input',
      `${file} cannot be read as CSV (${cause instanceof Error ? cause.message : String(cause)}): a header line and ` +
        'columns separated by commas, semicolons or tabs were expected; correct it.',
      { cause },
    );
  }
}

async function readRow(
  { cells }: Row,
  {
    table,
    columns,
    rule,
    roots,
  }: {
    readonly table: Table;
    readonly columns: CsvColumns;
    readonly rule: PathRule;
    readonly roots: readonly string[] | undefined;
  },
): Promise<ReadRow> {
  const cell = (at: number | null) => (at === null ? '' : (cells[at] ?? ''));
  const named = cell(columns.path);
  const identity = cell(columns.identity).normalize('NFC');
  const isPath = named !== '' && named.length <= longestPath;
  const rejected = (reason: string) => ({ path: isPath ? resolve(dirname(table.file), named) : null, reason });
  const isWider = cells.length > table.head.length && cells.slice(table.head.length).every((text) => text === '');
  if (cells.length !== table.head.length && !isWider)
    return rejected(`it has ${cells.length} columns instead of ${table.head.length}; correct it.`);
  if (named === '' || identity === '') return rejected('the path or the identity is empty; fill in both.');
  if (!isPath) return rejected(`the path has ${named.length} characters, more than ${longestPath}; correct it.`);
  // A text of megabytes in a cell, as after a lost quote, would be a person's name in every list and sentence.
  if (identity.length > longestName)
    return rejected(`the name of the person has ${identity.length} characters, more than ${longestName}; correct it.`);
  const part = partOf(cell(columns.part));
  if (part === null)
    return rejected(
      `the part is '${cell(columns.part).slice(0, 40)}': train, val, test, query, gallery, distractors, or 0, 1 or 2 ` +
        'for train, val and test was expected; correct it.',
    );
  const landmarks = landmarksOf(columns.landmarks.map(cell), table.delimiter);
  if (!landmarks.every(Number.isFinite))
    return rejected('a landmark is not a number; give ten numbers in pixels, or leave all ten cells empty.');
  const entry = await findFile(named, rule, roots);
  if ('reason' in entry) return rejected(entry.reason);
  const attributes = Object.fromEntries(columns.others.map(({ name, at }) => [name, cell(at)]));
  return {
    image: {
      ...entry,
      identity,
      ...(landmarks.length === 10 && { landmarks }),
      ...(part !== undefined && { part }),
      ...(columns.others.length > 0 && { attributes }),
    },
  };
}

/** The part that a cell names, by a word or by CelebA's number; undefined if it is empty, null if it is neither. */
function partOf(text: string): GivenPart | undefined | null {
  return text === '' ? undefined : (partOfCell(text) ?? partOfDigit(text));
}

/** The file that a cell names, or why there is none. */
async function findFile(
  named: string,
  rule: PathRule,
  roots: readonly string[] | undefined,
): Promise<({ readonly path: string } & FileState) | { readonly reason: string }> {
  const file = await findNamedFile(named, rule, roots);
  if (typeof file !== 'string') return { path: file.path, ...fileState(file.entry) };
  // Whether a file outside is there is nothing that a screen may learn.
  if (roots || file === 'outside')
    return {
      reason:
        'the file does not exist, or is outside the folders that this workbench may open; correct the path, or move ' +
        'the file into one of these folders.',
    };
  if (/^[a-z]:[\\/]/i.test(named) && process.platform !== 'win32')
    return { reason: 'the path is one of another computer, with a drive; give a path relative to the CSV file.' };
  return { reason: 'the file does not exist; give a path relative to the CSV file.' };
}

/** The ten landmarks of a line; none if the table has no such columns or their cells are all empty. */
function landmarksOf(texts: readonly string[], delimiter: Delimiter): number[] {
  if (texts.every((text) => text === '')) return [];
  return texts.map((text) => {
    if (text === '') return Number.NaN;
    return Number(delimiter === ',' ? text : text.replace(',', '.'));
  });
}

/** Says which columns were taken for what, and how the file was read. */
function describe(
  { file, head, encoding }: Table,
  read: { readonly columns: CsvColumns; readonly rule: PathRule; readonly named: string },
  images: readonly { readonly identity: string; readonly part?: PartName }[],
): string {
  const people = new Set(images.map((image) => image.identity)).size;
  const { path, identity, part, landmarks, others } = read.columns;
  const columns = [
    `${head[path]} names the picture`,
    `${head[identity]} the person`,
    ...(part === null ? [] : [`${head[part]} the part`]),
    ...(landmarks.length === 0 ? [] : ['ten columns the landmarks']),
  ];
  const without = part === null ? 0 : images.filter((image) => image.part === undefined).length;
  const sentences = [
    `${counted(people, 'person', 'people')}: in ${basename(file)}, the column ${columns.join(', ')}.`,
    ...(without > 0 ? [`${counted(without, 'picture has', 'pictures have')} no part.`] : []),
    ...(others.length > 0 ? [`Other columns are kept: ${columnNames(others)}.`] : []),
    ...pathSentence(file, read.rule, read.named),
    ...(encoding === 'UTF-8' ? [] : [encodingSentence(encoding)]),
  ];
  return printable(sentences.join(' '));
}

/** The first columns by their names, and how many there are besides. */
function columnNames(columns: CsvColumns['others']): string {
  const shown = columns.slice(0, columnsShown).map(({ name }) => name.slice(0, longestName));
  const more = columns.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}

/** Says how the paths were read, where they are not relative to the table. */
function pathSentence(file: string, { base, skipped }: PathRule, named: string): string[] {
  if (base === dirname(file) && skipped === 0) return [];
  const without = skipped === 0 ? '' : `, without ${skippedFolders(named, skipped)} at their beginning`;
  return [`No file is where the paths lead from ${basename(file)}, so they were read from ${base}${without}.`];
}

const encodingSentence = (encoding: Exclude<TextEncoding, 'UTF-8'>): string =>
  encoding === 'UTF-16'
    ? 'The file is in UTF-16.'
    : 'The file is not in UTF-8 and was read as Windows-1252 (Latin-1): if names look wrong, save it again as UTF-8.';
