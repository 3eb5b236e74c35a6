import { parse } from 'csv-parse/sync';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { nearestName } from '../../src-shared/nearestName.ts';
import type { Found } from './importFolders.ts';
import { isBelow } from '../files/isBelow.ts';
import { readTextFile } from '../files/readTextFile.ts';

export const landmarkColumns = ['x0', 'y0', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'x4', 'y4'] as const;
const columns = ['path', 'identity', ...landmarkColumns] as const;

/** What separates the columns, by the header: a comma, or what spreadsheets write where the comma is for decimals. */
const delimiterOf = (content: string): ',' | ';' | '\t' => {
  const head = content.slice(0, content.search(/[\r\n]|$/));
  return ([',', ';', '\t'] as const).find((delimiter) => head.includes(delimiter)) ?? ',';
};

/**
 * Reads a CSV with the columns path, identity and, all or none, ten landmark columns x0,y0 to x4,y4 in pixels; paths
 * are relative to the file and may lead anywhere, or below `roots` alone. Throws 'wrong-input' for a header that does
 * not fit.
 */
export async function importCsv(file: string, roots?: readonly string[]): Promise<Found> {
  const content = readTextFile(file);
  const delimiter = delimiterOf(content);
  const records = readRecords(file, content, delimiter);
  const numberOf = (text: string) =>
    text === '' ? Number.NaN : Number(delimiter === ',' ? text : text.replace(',', '.'));
  const [head = [], ...rows] = records.map(({ record }) => record.map((cell) => cell.trim()));
  if (!head.includes('path') && !head.includes('identity'))
    throw new ArcBenchError(
      'wrong-input',
      `${file} begins with ` +
        `${head.length === 0 ? 'nothing' : `'${head.slice(0, 3).join(', ').slice(0, 60)}'`}: a CSV with a ` +
        'header line of path, identity and, if you have them, x0,y0 to x4,y4 was expected; add the header, or ' +
        'name an experiment file, which ends in .yaml.',
    );
  const unknown = head.find((name) => !(columns as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, columns);
    throw new ArcBenchError(
      'wrong-input',
      `${file} has the column ${unknown}, which is not known${near ? ` (${near} was meant?)` : ''}: path, ` +
        'identity and x0,y0 to x4,y4 were expected; rename or remove it.',
    );
  }
  for (const name of ['path', 'identity'])
    if (!head.includes(name))
      throw new ArcBenchError(
        'wrong-input',
        `${file} has no column ${name}: a header line with path and identity was expected; add it.`,
      );
  const marked = landmarkColumns.filter((name) => head.includes(name)).length;
  if (marked !== 0 && marked !== landmarkColumns.length)
    throw new ArcBenchError(
      'wrong-input',
      `${file} has ${marked} of the ten landmark columns x0,y0 to x4,y4: all or none were expected; add the ` +
        'others or remove them.',
    );
  const found: Found = { images: [], rejected: [] };
  for (const [index, row] of rows.entries()) {
    const line = records[index + 1]?.line ?? 0;
    const cell = (name: string) => row[head.indexOf(name)] ?? '';
    const path = resolve(dirname(file), cell('path'));
    const reject = (reason: string) =>
      found.rejected.push({
        path: cell('path') === '' ? `${file}, line ${line}` : path,
        reason: `Line ${line} of ${file}: ${reason}`,
      });
    if (row.length !== head.length) {
      reject(`it has ${row.length} columns, ${head.length} were expected; correct it.`);
      continue;
    }
    if (cell('path') === '' || cell('identity') === '') {
      reject('the path or the identity is empty: both were expected; fill it in.');
      continue;
    }
    const texts = marked === 0 ? [] : landmarkColumns.map(cell);
    const landmarks = texts.every((text) => text === '') ? [] : texts.map(numberOf);
    if (!landmarks.every(Number.isFinite)) {
      reject('a landmark is not a number: ten numbers in pixels, or ten empty cells, were expected; correct it.');
      continue;
    }
    if (roots && !(await isBelow(path, roots))) {
      reject(
        'the file is not there, or lies outside the folders that this workbench may open: a path below them ' +
          'was expected; correct it.',
      );
      continue;
    }
    const entry = await stat(path).then(
      (found) => (found.isFile() ? found : null),
      () => null,
    );
    if (entry === null) {
      reject('the file is not there: a path relative to the CSV was expected; correct it.');
      continue;
    }
    found.images.push({
      path,
      identity: cell('identity'),
      bytes: entry.size,
      modified: entry.mtimeMs,
      ...(landmarks.length === 10 ? { landmarks } : {}),
    });
  }
  return found;
}

function readRecords(
  file: string,
  content: string,
  delimiter: string,
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
      `${file} cannot be read as CSV (${cause instanceof Error ? cause.message : String(cause)}): columns ` +
        'parted by commas, semicolons or tabs with a header were expected; correct it.',
      { cause },
    );
  }
}
