import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { compareCodeUnits, type Dataset, type FoundImage, type Rejected } from './dataset.ts';
import { pictureFormatOf, pictureKindOfName } from './pictureFormat.ts';

/** What an importer found in a source. */
export interface Found extends Pick<Dataset, 'partsGivenBy' | 'understood'> {
  readonly images: FoundImage[];
  readonly rejected: Rejected[];
}

/** An entry of a folder after its symbolic links were followed as far as the source allows. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

/**
 * Of a name that is no UTF-8, which Node reads as another, of a path too long for the system, and of what went away
 * meanwhile.
 */
const unreachable =
  'The name is not valid UTF-8, the path is too long, or it was moved meanwhile: rename it or its folder, ' +
  'and import again.';

/**
 * Finds the pictures of a source where each sub-folder is one person; sub-folders of a person are the person's as well.
 */
export async function importFolders(source: string): Promise<Found> {
  const found: Found = { images: [], rejected: [] };
  const realSource = await realpath(source);
  const root = await peopleRoot(source, realSource);
  for (const entry of await entriesOf(root, realSource, found.rejected)) {
    if (entry.kind === 'folder') {
      await collect(entry.path, entry.name, { realSource, found, visited: new Set() });
    } else if (pictureKindOfName(entry.name) === 'picture') {
      found.rejected.push({
        path: entry.path,
        reason:
          "The picture lies outside any person's folder: a folder an identity was expected; move it into its " +
          "person's folder.",
      });
    }
  }
  return found;
}

/**
 * The folder whose sub-folders are the people: the source, or the only folder inside it where that one holds the
 * people.
 */
export async function peopleRoot(source: string, realSource: string): Promise<string> {
  let root = source;
  for (;;) {
    const entries = await entriesOf(root, realSource, []);
    const folders = entries.filter((entry) => entry.kind === 'folder');
    const only = folders[0];
    if (
      folders.length !== 1 ||
      only === undefined ||
      entries.some((entry) => entry.kind === 'file' && pictureKindOfName(entry.name) === 'picture')
    )
      return root;
    if (!(await entriesOf(only.path, realSource, [])).some((entry) => entry.kind === 'folder')) return root;
    root = only.path;
  }
}

async function collect(
  folder: string,
  identity: string,
  walk: { readonly realSource: string; readonly found: Found; readonly visited: Set<string> },
): Promise<void> {
  const real = await realpath(folder).catch(() => null);
  if (real === null) {
    walk.found.rejected.push({ path: folder, reason: unreachable });
    return;
  }
  if (walk.visited.has(real)) return;
  walk.visited.add(real);
  for (const entry of await entriesOf(folder, walk.realSource, walk.found.rejected)) {
    if (entry.kind === 'folder') {
      await collect(entry.path, identity, walk);
      continue;
    }
    const kind = pictureKindOfName(entry.name);
    if (kind === 'other') continue;
    if (kind === 'unsupported-picture') {
      walk.found.rejected.push({
        path: entry.path,
        reason:
          "The picture's format is not decoded: JPEG, PNG, WebP, GIF, TIFF or AVIF was expected; convert it to PNG.",
      });
    } else if (kind === 'unknown' && !(await beginsLikePicture(entry.path))) {
      walk.found.rejected.push({
        path: entry.path,
        reason:
          'The file is not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture: remove it, or convert it to PNG if ' +
          'it is a picture.',
      });
    } else {
      const file = await stat(entry.path).catch(() => null);
      if (file === null) walk.found.rejected.push({ path: entry.path, reason: unreachable });
      else walk.found.images.push({ path: entry.path, identity, bytes: file.size, modified: file.mtimeMs });
    }
  }
}

async function entriesOf(folder: string, realSource: string, rejected: Rejected[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  let listed;
  try {
    listed = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (folder === realSource)
      throw new ArcBenchError(
        'wrong-input',
        `${folder} cannot be read: a readable folder was expected; change its permissions.`,
        { cause: error },
      );
    rejected.push({ path: folder, reason: 'The folder cannot be read: change its permissions.' });
    return entries;
  }
  for (const item of listed.sort((a, b) => compareCodeUnits(a.name, b.name))) {
    if (item.name.startsWith('.') || item.name === '__MACOSX') continue;
    const path = join(folder, item.name);
    if (item.isDirectory()) entries.push({ name: item.name, path, kind: 'folder' });
    else if (item.isFile()) entries.push({ name: item.name, path, kind: 'file' });
    else if (item.isSymbolicLink()) {
      const target = await resolveInside(path, realSource);
      if ('reason' in target) rejected.push({ path, reason: target.reason });
      else if (target.kind !== 'other') entries.push({ name: item.name, path, kind: target.kind });
    }
  }
  return entries;
}

/** Follows a path's symbolic links; what leads out of the source or nowhere gives the reason. */
export async function resolveInside(
  path: string,
  realSource: string,
): Promise<{ readonly kind: 'folder' | 'file' | 'other' } | { readonly reason: string }> {
  try {
    const real = await realpath(path);
    const way = relative(realSource, real);
    if (way === '..' || way.startsWith(`..${sep}`))
      return {
        reason:
          'The symbolic link leaves the source folder: a file inside it was expected; copy the picture into ' +
          'the source folder.',
      };
    const target = await stat(real);
    return { kind: target.isDirectory() ? 'folder' : target.isFile() ? 'file' : 'other' };
  } catch {
    return {
      reason: 'The file is not there, or its symbolic link leads nowhere: correct the path or remove the link.',
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
