import { parse } from 'csv-parse/sync';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { nearestName } from '../../src-shared/nearestName.ts';
import type { FoundImage, Rejected } from './dataset.ts';
import type { Found } from './importFolders.ts';
import { isBelow } from '../files/isBelow.ts';
import { readTextFile } from '../files/readTextFile.ts';

export const landmarkColumns = ['x0', 'y0', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'x4', 'y4'] as const;
const columns = ['path', 'identity', ...landmarkColumns] as const;
const delimiters = [',', ';', '\t'] as const;
type Delimiter = (typeof delimiters)[number];

interface Table {
  readonly file: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly line: number }[];
  readonly delimiter: Delimiter;
}

/**
 * Reads a CSV with the columns path and identity, and all or none of the ten landmark columns x0,y0 to x4,y4 in pixels.
 * Paths are relative to the file, and must be below `roots` if roots are given. Throws 'wrong-input' if the header is
 * wrong.
 */
export async function importCsv(file: string, roots?: readonly string[]): Promise<Found> {
  const table = readTable(file);
  refuseWrongHead(table);
  const images: FoundImage[] = [];
  const rejected: Rejected[] = [];
  for (const { cells, line } of table.rows) {
    const read = await readRow(cells, table, roots);
    if ('image' in read) images.push(read.image);
    else
      rejected.push({
        path: read.path ?? `${file}, line ${line}`,
        reason: `Line ${line} of ${file}: ${read.reason}`,
      });
  }
  return { images, rejected };
}

function readTable(file: string): Table {
  const content = readTextFile(file);
  const delimiter = delimiterOf(content);
  const [head, ...rows] = readRecords(file, content, delimiter).map(({ record, line }) => ({
    cells: record.map((cell) => cell.trim()),
    line,
  }));
  return { file, head: head?.cells ?? [], rows, delimiter };
}

/** What separates the columns of the header. Spreadsheets write a semicolon where the comma is for decimals. */
const delimiterOf = (content: string): Delimiter => {
  const head = content.slice(0, content.search(/[\r\n]|$/));
  return delimiters.find((delimiter) => head.includes(delimiter)) ?? ',';
};

function readRecords(
  file: string,
  content: string,
  delimiter: Delimiter,
): { readonly record: string[]; readonly line: number }[] {
  try {
    return (
      parse(content, {
        delimiter,
        bom: true,
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

function refuseWrongHead({ file, head }: Table): void {
  const refuse = (what: string) => new ArcBenchError('wrong-input', `${file} ${what}`);
  if (!head.includes('path') && !head.includes('identity')) {
    const start = head.length === 0 ? 'nothing' : `'${head.slice(0, 3).join(', ').slice(0, 60)}'`;
    throw refuse(
      `begins with ${start}: a CSV with a header line of path, identity and, if you have them, x0,y0 to x4,y4 was ` +
        'expected; add the header, or name an experiment file, which ends in .yaml.',
    );
  }
  const unknown = head.find((name) => !(columns as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, columns);
    throw refuse(
      `has an unknown column ${unknown}${near ? ` (did you mean ${near}?)` : ''}: path, identity and x0,y0 to ` +
        'x4,y4 were expected; rename or remove it.',
    );
  }
  for (const name of ['path', 'identity'])
    if (!head.includes(name))
      throw refuse(`has no column ${name}: a header line with path and identity was expected; add it.`);
  const marked = landmarkColumns.filter((name) => head.includes(name)).length;
  if (marked !== 0 && marked !== landmarkColumns.length)
    throw refuse(
      `has only ${marked} of the ten landmark columns x0,y0 to x4,y4: add the others, or remove these ${marked}.`,
    );
}

/** One picture, or why its line cannot be used; `path` is null if the line names none. */
async function readRow(
  cells: readonly string[],
  table: Table,
  roots: readonly string[] | undefined,
): Promise<{ readonly image: FoundImage } | { readonly path: string | null; readonly reason: string }> {
  const { file, head } = table;
  const cell = (name: string) => cells[head.indexOf(name)] ?? '';
  const path = resolve(dirname(file), cell('path'));
  const rejected = (reason: string) => ({ path: cell('path') === '' ? null : path, reason });
  if (cells.length !== head.length)
    return rejected(`it has ${cells.length} columns instead of ${head.length}; correct it.`);
  if (cell('path') === '' || cell('identity') === '')
    return rejected('the path or the identity is empty; fill in both.');
  const landmarks = landmarksOf(table, cell);
  if (!landmarks.every(Number.isFinite))
    return rejected('a landmark is not a number; give ten numbers in pixels, or leave all ten cells empty.');
  if (roots && !(await isBelow(path, roots)))
    return rejected(
      'the file does not exist, or is outside the folders that this workbench may open; correct the path, or move ' +
        'the file into one of these folders.',
    );
  const entry = await stat(path).catch(() => null);
  if (!entry?.isFile()) return rejected('the file does not exist; give a path relative to the CSV file.');
  return {
    image: {
      path,
      identity: cell('identity'),
      bytes: entry.size,
      modified: entry.mtimeMs,
      ...(landmarks.length === 10 ? { landmarks } : {}),
    },
  };
}

/** The ten landmarks of a line; none if the table has no such columns or their cells are all empty. */
function landmarksOf({ head, delimiter }: Table, cell: (name: string) => string): number[] {
  const texts = landmarkColumns.filter((name) => head.includes(name)).map(cell);
  if (texts.every((text) => text === '')) return [];
  return texts.map((text) => {
    if (text === '') return Number.NaN;
    return Number(delimiter === ',' ? text : text.replace(',', '.'));
  });
}
