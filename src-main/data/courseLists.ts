import { basename } from 'node:path';
import { caseless, isNameHere } from '../files/plainName.ts';
import { readTextFile } from '../files/readTextFile.ts';
import type { Rejected } from './dataset.ts';
import { pictureKindOfName } from './pictureFormat.ts';

/** A picture's name, its person or part, and the line, counted from 1. */
export interface ListedPicture {
  readonly file: string;
  readonly value: string;
}

const isPictureName = (cell: string): boolean => pictureKindOfName(cell) === 'picture';

/**
 * Reads a list of the course's archive: a picture and its person or part on each line, parted by blanks, commas or
 * semicolons, with or without a header, quotes and a column of row numbers. `folder` is that of the pictures, which
 * some lists put in front of the names. Adds the lines that cannot be used.
 */
export function readCourseList(list: string, folder: string, rejected: Rejected[]): ListedPicture[] {
  const listed = new Map<string, ListedPicture>();
  let begun = false;
  for (const [index, text] of readTextFile(list)
    .split(/\r\n|\n|\r/)
    .entries()) {
    const cells = cellsOf(text);
    const isHeader = !begun && cells.length > 1 && !cells.some(isPictureName);
    begun ||= cells.length > 0;
    if (cells.length === 0 || isHeader) continue;
    const reject = (reason: string) => rejected.push({ path: `${list}, line ${index + 1}`, reason });
    const read = pictureAndValue(cells);
    if (read === null) {
      reject(`The line reads '${text.trim().slice(0, 60)}': a file and a number were expected; correct it.`);
      continue;
    }
    const file = withoutFolder(read.file, folder);
    if (!isNameHere(file)) {
      reject(`The line names '${file.slice(0, 60)}': a picture's name without a folder was expected; correct it.`);
      continue;
    }
    const before = listed.get(caseless(file));
    if (before === undefined) listed.set(caseless(file), { file, value: read.value });
    else if (before.value !== read.value)
      reject(`The list gives ${file} both ${before.value} and ${read.value}: the first was taken; correct it.`);
  }
  return [...listed.values()];
}

const cellsOf = (line: string): string[] =>
  line
    .split(/[\s,;]/)
    .map((cell) => (cell.length > 1 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell))
    .filter((cell) => cell !== '');

/** The picture of a line and what stands beside it; null if the line has another form. */
function pictureAndValue(cells: readonly string[]): { readonly file: string; readonly value: string } | null {
  const at = cells.findIndex(isPictureName);
  const [first = '', second = ''] = cells;
  if (cells.length === 2) {
    const isSecond = at === 1;
    return { file: isSecond ? second : first, value: isSecond ? first : second };
  }
  // pandas writes the number of the row in front.
  const third = cells[2] ?? '';
  return cells.length === 3 && at === 1 && /^\d+$/.test(first) ? { file: second, value: third } : null;
}

function withoutFolder(file: string, folder: string): string {
  const names = file.split(/[\\/]/);
  const name = names.pop() ?? '';
  const around = names.filter((part) => part !== '.').at(-1);
  return around === undefined || caseless(around) === caseless(basename(folder)) ? name : file;
}
