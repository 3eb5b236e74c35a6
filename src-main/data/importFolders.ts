import { open, readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent, Stats } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { compareCodeUnits, type Dataset, type FoundImage, type Rejected } from './dataset.ts';
import { pictureFormatOf, pictureKindOfName } from './pictureFormat.ts';

/** What an importer found in a source. */
export interface Found extends Pick<Dataset, 'partsGivenBy' | 'understood'> {
  readonly images: FoundImage[];
  readonly rejected: Rejected[];
}

/** An entry of a folder. Symbolic links inside the source are followed. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

// Node reads a name that is not UTF-8 as a different name, which then does not exist.
const unreachable =
  'The file cannot be reached, because its name is not valid UTF-8, its path is too long, or it was moved during ' +
  'the import: rename it or its folder, and import again.';
const outsideFolder = "The picture is not in a person's folder: move it into the folder of its person.";
const unsupportedFormat =
  'ArcBench reads JPEG, PNG, WebP, GIF, TIFF and AVIF pictures, but not this format: convert the picture to PNG.';
const notPicture =
  'The file is not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture: remove it, or convert it to PNG if it is a picture.';

/**
 * Finds the pictures of a source in which each sub-folder is one person. Folders inside a person's folder belong to the
 * same person.
 */
export async function importFolders(source: string): Promise<Found> {
  const found: Found = { images: [], rejected: [] };
  const realSource = await realpath(source);
  const root = await peopleRoot(source, realSource);
  for (const entry of await entriesOf(root, realSource, found.rejected)) {
    if (entry.kind === 'folder') {
      await collect(entry.path, entry.name, { realSource, found, visited: new Set() });
    } else if (pictureKindOfName(entry.name) === 'picture') {
      found.rejected.push({ path: entry.path, reason: outsideFolder });
    }
  }
  return found;
}

/**
 * The folder whose sub-folders are the people. This is the source, or the only folder inside it if that one holds the
 * people.
 */
export async function peopleRoot(source: string, realSource: string): Promise<string> {
  let root = source;
  for (;;) {
    const entries = await entriesOf(root, realSource, []);
    const folders = entries.filter((entry) => entry.kind === 'folder');
    const only = folders[0];
    const hasPictures = entries.some((entry) => entry.kind === 'file' && pictureKindOfName(entry.name) === 'picture');
    if (folders.length !== 1 || only === undefined || hasPictures) return root;
    const inside = await entriesOf(only.path, realSource, []);
    if (!inside.some((entry) => entry.kind === 'folder')) return root;
    root = only.path;
  }
}

/** Adds all pictures in and below a person's folder. A folder that links lead to twice is read once. */
async function collect(
  folder: string,
  identity: string,
  walk: { readonly realSource: string; readonly found: Found; readonly visited: Set<string> },
): Promise<void> {
  const { found, visited, realSource } = walk;
  const real = await realpath(folder).catch(() => null);
  if (real === null) {
    found.rejected.push({ path: folder, reason: unreachable });
    return;
  }
  if (visited.has(real)) return;
  visited.add(real);
  for (const entry of await entriesOf(folder, realSource, found.rejected)) {
    if (entry.kind === 'folder') await collect(entry.path, identity, walk);
    else await takeFile(entry, identity, found);
  }
}

/** Adds a file if it is a picture, and its reason if it looks like one and cannot be used. */
async function takeFile({ name, path }: Entry, identity: string, found: Found): Promise<void> {
  const kind = pictureKindOfName(name);
  if (kind === 'other') return;
  if (kind === 'unsupported-picture') {
    found.rejected.push({ path, reason: unsupportedFormat });
    return;
  }
  if (kind === 'unknown' && !(await beginsLikePicture(path))) {
    found.rejected.push({ path, reason: notPicture });
    return;
  }
  const file = await stat(path).catch(() => null);
  if (file === null) found.rejected.push({ path, reason: unreachable });
  else found.images.push({ path, identity, bytes: file.size, modified: file.mtimeMs });
}

/** The entries of a folder, sorted by name, without hidden ones. A link that leads out of the source is rejected. */
async function entriesOf(folder: string, realSource: string, rejected: Rejected[]): Promise<Entry[]> {
  let listed: Dirent[];
  try {
    listed = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (folder === realSource)
      throw new ArcBenchError('wrong-input', `The folder ${folder} cannot be read: change its permissions.`, {
        cause: error,
      });
    rejected.push({ path: folder, reason: 'The folder cannot be read: change its permissions.' });
    return [];
  }
  const entries: Entry[] = [];
  for (const item of listed.sort((a, b) => compareCodeUnits(a.name, b.name))) {
    if (item.name.startsWith('.') || item.name === '__MACOSX') continue;
    const path = join(folder, item.name);
    const target = item.isSymbolicLink() ? await resolveInside(path, realSource) : { kind: kindOf(item) };
    if ('reason' in target) rejected.push({ path, reason: target.reason });
    else if (target.kind !== 'other') entries.push({ name: item.name, path, kind: target.kind });
  }
  return entries;
}

function kindOf(item: Dirent | Stats): 'folder' | 'file' | 'other' {
  if (item.isDirectory()) return 'folder';
  return item.isFile() ? 'file' : 'other';
}

/** Follows the symbolic links of a path. Gives the reason if they lead out of the source or to nothing. */
export async function resolveInside(
  path: string,
  realSource: string,
): Promise<{ readonly kind: 'folder' | 'file' | 'other' } | { readonly reason: string }> {
  try {
    const real = await realpath(path);
    const way = relative(realSource, real);
    if (way === '..' || way.startsWith(`..${sep}`))
      return {
        reason: 'The symbolic link leads out of the source folder: copy the picture into the source folder.',
      };
    return { kind: kindOf(await stat(real)) };
  } catch {
    return {
      reason: 'The file does not exist, or its symbolic link leads nowhere: correct the path or remove the link.',
    };
  }
}

async function beginsLikePicture(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
      return pictureFormatOf(buffer.subarray(0, bytesRead)) !== undefined;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
