import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../files/readTextFile.ts';
import { noEntries } from '../files/readFault.ts';
import { compareCodeUnits } from './dataset.ts';

/** One of CelebA's lists, as CelebA writes it (.txt) or as Kaggle does (.csv). */
export interface CelebAList {
  readonly path: string;
  readonly name: string;
}

const mostFoldersOfLists = 20;

/**
 * Where a list is, by its name without ending: beside the pictures or up to two folders deeper, as in Anno, in any case
 * and with the number that browsers add to a second download. Undefined if it is not there.
 */
export function findCelebAList(base: string, stem: string): CelebAList | undefined {
  let level = [base];
  for (let depth = 0; depth <= 2; depth++) {
    const entries = level.flatMap((folder) => entriesOf(folder));
    const found = entries.find(({ name, isFolder }) => !isFolder && isList(name, stem));
    if (found) return { path: found.path, name: found.name };
    const inside = entries.filter(({ name, isFolder }) => isFolder && !/^img_/i.test(name)); // folders of pictures
    level = inside.length > mostFoldersOfLists ? [] : inside.map(({ path }) => path);
  }
  return undefined;
}

function isList(name: string, stem: string): boolean {
  const plain = name.toLowerCase();
  if (!plain.startsWith(stem.toLowerCase())) return false;
  return /^(?: ?\(\d+\))?\.(?:txt|csv)$/.test(plain.slice(stem.length));
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/** The entries of a folder, text files before tables; none if it cannot be read. */
function entriesOf(folder: string): readonly Entry[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.') && name !== '__MACOSX')
      .map((item) => ({ name: item.name, path: join(folder, item.name), isFolder: item.isDirectory() }))
      .sort((a, b) => compareCodeUnits(b.name.slice(-4), a.name.slice(-4)) || compareCodeUnits(a.name, b.name));
  } catch (error) {
    return noEntries(error);
  }
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
  const content = readTextFile(path);
  const isCsv = /\.csv$/i.test(name) && /^[^\r\n]*[,;]/.test(content);
  const separator = isCsv ? /[,;]/ : /[\s,;]/;
  const lines: ListLine[] = [];
  let columns: readonly string[] = [];
  for (const [index, text] of content.split(/\r\n|\n|\r/).entries()) {
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
