import { readdir, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isBelow } from '../files/isBelow.ts';
import { noEntries } from '../files/readFault.ts';

/** How the paths of a table are read: from which folder, and without how many of their first folders. */
export interface PathRule {
  readonly base: string;
  readonly skipped: number;
}

/** A file that a path of a table names; 'outside' if it may not be opened. */
export type NamedFile = { readonly path: string; readonly entry: Stats } | 'outside' | 'missing';

const mostTried = 20;
const mostFolders = 50;
const mostSkipped = 12;

/**
 * Finds out how the paths of a table are meant. Usually they are relative to the table or absolute. If no file is
 * there, they may be relative to a folder above or inside, or come from another computer: then their first folders are
 * left out. Another rule than the usual one is taken only where most files are there by it.
 */
export async function findPathRule(
  table: string,
  paths: readonly string[],
  roots: readonly string[] | undefined,
): Promise<PathRule> {
  const folder = dirname(table);
  const usual: PathRule = { base: folder, skipped: 0 };
  const step = Math.max(1, Math.floor(paths.length / mostTried));
  const tried = [...new Set(paths.filter((path, at) => path !== '' && at % step === 0))];
  const found = async (rule: PathRule): Promise<number> => {
    const files = await Promise.all(tried.map((path) => findNamedFile(path, rule, roots)));
    return new Set(files.flatMap((file) => (typeof file === 'string' ? [] : [file.path]))).size;
  };
  if (tried.length === 0 || (await found(usual)) > 0) return usual;
  const above = [dirname(folder), dirname(dirname(folder))];
  const bases = [folder, ...(await foldersIn(folder)), ...above];
  for (let skipped = 0; skipped <= mostSkipped; skipped++)
    for (const base of bases) if ((await found({ base, skipped })) * 2 > tried.length) return { base, skipped };
  return usual;
}

/** The folders in a folder, and those that are the only one in them, as archives are unpacked. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const inside = async (path: string) => {
    const listed = await readdir(path, { withFileTypes: true }).catch(noEntries);
    const folders = listed.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    return folders.length > mostFolders ? [] : folders.map(({ name }) => join(path, name));
  };
  const direct = await inside(folder);
  const nested = await Promise.all(direct.map(inside));
  return [...direct, ...nested.flatMap((folders) => (folders.length === 1 ? folders : []))];
}

/** The file that a cell names, as it is written, or as Windows or another spelling of its letters would have it. */
export async function findNamedFile(
  named: string,
  { base, skipped }: PathRule,
  roots: readonly string[] | undefined,
): Promise<NamedFile> {
  let isOutside = false;
  for (const way of spellings(named)) {
    const inside = skipped === 0 ? way : withoutFolders(way, skipped);
    if (inside === null) continue;
    const path = resolve(base, inside);
    const entry = await stat(path).catch(() => null);
    if (!entry?.isFile()) continue;
    if (!roots || (await isBelow(path, roots))) return { path, entry };
    isOutside = true;
  }
  return isOutside ? 'outside' : 'missing';
}

/** The folders that a rule leaves out of a path, for a sentence. */
export const skippedFolders = (named: string, skipped: number): string => stepsOf(named).slice(0, skipped).join('/');

function withoutFolders(path: string, count: number): string | null {
  const steps = stepsOf(path).slice(count);
  return steps.length === 0 || steps.includes('..') ? null : steps.join('/');
}

const stepsOf = (path: string): readonly string[] => path.split(/[\\/]/).filter((step) => step !== '' && step !== '.');

function spellings(named: string): readonly string[] {
  const ways = [named, named.replaceAll('\\', '/')];
  return [
    ...new Set([...ways, ...ways.map((way) => way.normalize('NFC')), ...ways.map((way) => way.normalize('NFD'))]),
  ];
}
