import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../files/readTextFile.ts';

/** One of CelebA's lists, as CelebA writes it (.txt) or as Kaggle does (.csv). */
export interface CelebAList {
  readonly path: string;
  readonly name: string;
}

/** The lists lie beside the pictures or in folders of their own. */
const folders = ['', 'Anno', 'Eval', 'anno', 'eval'];
const endings = ['.txt', '.csv'];

/** Where a list is, by its name without ending; undefined if it is not there. */
export function findCelebAList(base: string, stem: string): CelebAList | undefined {
  for (const folder of folders)
    for (const ending of endings) {
      const path = join(base, folder, stem + ending);
      if (existsSync(path)) return { path, name: stem + ending };
    }
  return undefined;
}

/** A line of a list: a picture and what the list says of it. */
export interface ListLine {
  readonly file: string;
  readonly values: readonly string[];
  /** Counted from 1. */
  readonly line: number;
}

/** The lines of a list without its count and its header, and the names of its columns after the first. */
export function readCelebAList({ path, name }: CelebAList): {
  readonly columns: readonly string[];
  readonly lines: readonly ListLine[];
} {
  const isCsv = name.endsWith('.csv');
  const separator = isCsv ? /[,;]/ : /\s/;
  const lines: ListLine[] = [];
  let columns: readonly string[] = [];
  for (const [index, text] of readTextFile(path).split(/\r?\n/).entries()) {
    const cells = text.trim().split(separator);
    const words = cells.map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')).filter((word) => isCsv || word !== '');
    const [file = '', ...values] = words;
    if (words.join('') === '') continue;
    const isAbove = lines.length === 0 && !/\.\w+$/.test(file) && values.every((value) => Number.isNaN(Number(value)));
    if (isAbove && /^\d+$/.test(file) && values.length === 0) continue; // the count
    if (isAbove && index < 2) columns = /image|file/i.test(file) ? values : words;
    else lines.push({ file, values, line: index + 1 });
  }
  return { columns, lines };
}

/** Names of pictures without their ending: the lists name JPEG files, and the PNG edition has the same names. */
export const withoutEnding = (name: string): string => name.replace(/\.[^.]*$/, '');
