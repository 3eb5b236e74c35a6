import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { noEntries } from '../files/readFault.ts';
import { followLink, type LinkRule } from './fileStates.ts';

/** The half of the archive with people to train on: pictures, their people, and their parts. */
export interface TrainHalf {
  readonly folder: string;
  readonly pictures: string;
  readonly people: string;
  readonly parts: string;
}

/** The half for information retrieval: query pictures with their people, and pictures of strangers. */
export interface RetrievalHalf {
  readonly folder: string;
  readonly query: string;
  readonly queryPeople: string;
  readonly distractors: string | null;
}

/** The halves of the course's archive that a folder holds; each may come alone. */
export interface CourseArchive {
  readonly train: TrainHalf | null;
  readonly retrieval: RetrievalHalf | null;
  /** Folders that hold a half once more. They are not read. */
  readonly repeated: readonly string[];
}

/** How deep below the source the halves are looked for: they often lie in folders of the archive's name. */
const deepest = 4;
const mostFolders = 50; // people's folders come by the hundred, and hold no half of the archive

/** What a half is made of, by the names in the archive. `needed`: without these it cannot be read. */
const halves = {
  train: {
    title: 'celebA_train_500',
    needed: { pictures: 'celebA_imgs', people: 'celebA_anno.txt', parts: 'celebA_train_split.txt' },
  },
  retrieval: {
    title: 'celebA_ir',
    needed: { query: 'celebA_query', queryPeople: 'celebA_anno_query.csv' },
  },
} as const;
const distractorFolder = 'celebA_distractors';

/** The entries of a folder by their names in small letters. */
type Entries = ReadonlyMap<string, { readonly path: string; readonly isFolder: boolean }>;

/**
 * Finds the halves of the course's archive in a folder, up to four levels down. A half is known by its lists and its
 * folders of pictures, not by the name of its folder. Null where there is none. Throws 'wrong-input' if a half lacks
 * one of its lists or its pictures.
 */
export async function findCourseArchive(source: string, rule?: LinkRule): Promise<CourseArchive | null> {
  let train: TrainHalf | null = null;
  let retrieval: RetrievalHalf | null = null;
  const repeated: string[] = [];
  let level = [source];
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      const entries = await entriesOf(folder, rule);
      const foundTrain = trainHalf(folder, entries);
      const foundRetrieval = retrievalHalf(folder, entries);
      if ((foundTrain && train) || (foundRetrieval && retrieval)) repeated.push(folder);
      train ??= foundTrain;
      retrieval ??= foundRetrieval;
      if (foundTrain || foundRetrieval) continue;
      below.push(...[...entries.values()].filter(({ isFolder }) => isFolder).map(({ path }) => path));
    }
    level = below.length > mostFolders ? [] : below;
  }
  return train || retrieval ? { train, retrieval, repeated } : null;
}

/** Whether a folder is one of the archive's halves or holds one, whole or not. */
export async function looksLikeCourse(source: string, rule: LinkRule): Promise<boolean> {
  try {
    return (await findCourseArchive(source, rule)) !== null;
  } catch (error) {
    if (error instanceof ArcBenchError) return true; // importing it says what is missing
    throw error;
  }
}

async function entriesOf(folder: string, rule: LinkRule | undefined): Promise<Entries> {
  const listed = await readdir(folder, { withFileTypes: true }).catch(noEntries);
  const entries = new Map<string, { readonly path: string; readonly isFolder: boolean }>();
  for (const item of listed.slice(0, 10_000)) {
    if (item.name.startsWith('.') || item.name === '__MACOSX') continue;
    const path = join(folder, item.name);
    const isFolder = item.isSymbolicLink() ? await leadsToFolder(path, rule) : item.isDirectory();
    if (isFolder !== null) entries.set(item.name.toLowerCase(), { path, isFolder });
  }
  return entries;
}

/** Whether a link leads to a folder, or to a file; null if it may not be followed. */
async function leadsToFolder(path: string, rule: LinkRule | undefined): Promise<boolean | null> {
  if (rule === undefined) return (await stat(path).catch(() => null))?.isDirectory() ?? null;
  const target = await followLink(path, rule);
  return 'reason' in target ? null : target.kind === 'folder';
}

function trainHalf(folder: string, entries: Entries): TrainHalf | null {
  const found = piecesOf(folder, entries, 'train');
  return found && { folder, ...found };
}

function retrievalHalf(folder: string, entries: Entries): RetrievalHalf | null {
  const found = piecesOf(folder, entries, 'retrieval');
  const distractors = entries.get(distractorFolder.toLowerCase());
  if (found) return { folder, ...found, distractors: distractors?.isFolder ? distractors.path : null };
  if (!distractors?.isFolder) return null;
  throw incomplete(folder, 'retrieval', Object.values(halves.retrieval.needed));
}

/** Where the pieces of a half are; null if the folder has none of them. Throws 'wrong-input' if it lacks some. */
function piecesOf<Half extends keyof typeof halves>(
  folder: string,
  entries: Entries,
  half: Half,
): Record<keyof (typeof halves)[Half]['needed'], string> | null {
  const { needed } = halves[half];
  const found = Object.entries<string>(needed).map(([piece, name]) => {
    const entry = entries.get(name.toLowerCase());
    return { piece, name, path: entry && entry.isFolder === !name.includes('.') ? entry.path : null };
  });
  if (found.every(({ path }) => path === null)) return null;
  const missing = found.filter(({ path }) => path === null).map(({ name }) => name);
  if (missing.length > 0) throw incomplete(folder, half, missing);
  return Object.fromEntries(found.map(({ piece, path }) => [piece, path])) as Record<
    keyof (typeof halves)[Half]['needed'],
    string
  >;
}

function incomplete(folder: string, half: keyof typeof halves, missing: readonly string[]): ArcBenchError {
  const { title } = halves[half];
  const name = basename(folder) === title ? '' : ` (${title})`;
  return new ArcBenchError(
    'wrong-input',
    `${folder} is a half of the course's archive${name}, but ${missing.join(' and ')} ` +
      `${missing.length === 1 ? 'is' : 'are'} not there: unpack the archive again, or to go without this half, move ` +
      'its folder away.',
  );
}
