import type { Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { printable } from '../../src-shared/printable.ts';
import { readFault, unreadReason } from '../files/readFault.ts';
import { isWorkspaceName, isWorkspaceOf } from '../files/workspaceFolders.ts';
import { compareCodeUnits, type Rejected } from './dataset.ts';
import { followLink, kindOf, unreachable, type EntryKind, type LinkRule } from './fileStates.ts';
import { pictureFormatOf, pictureKindOfName, readablePictures, unreadableReason } from './pictureFormat.ts';

/** A folder with the pictures in it. Folders without any picture below them are left out. */
export interface FolderTree {
  readonly name: string;
  readonly path: string;
  readonly folders: readonly FolderTree[];
  /** Names of the pictures that lie directly in the folder, sorted. */
  readonly pictures: readonly string[];
  /** Pictures in and below the folder. */
  readonly total: number;
}

interface Walk {
  readonly rule: LinkRule;
  readonly rejected: Rejected[];
  /** Real paths of the folders that were read, with the path by which each was reached. */
  readonly read: Map<string, string>;
  readonly signal: AbortSignal | undefined;
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: EntryKind;
  readonly real: string;
}

/**
 * Reads the folders of a source with their pictures, and why files that look like pictures cannot be used. Throws
 * 'cancelled'.
 */
export async function readFolderTree(
  source: string,
  rule: LinkRule,
  signal?: AbortSignal,
): Promise<{ readonly tree: FolderTree; readonly rejected: readonly Rejected[] }> {
  const walk: Walk = { rule, rejected: [], read: new Map(), signal };
  const root = { name: '', path: source, real: rule.realSource };
  return { tree: await readFolder(root, [], walk), rejected: walk.rejected };
}

async function readFolder(
  { name, path, real }: Pick<Entry, 'name' | 'path' | 'real'>,
  above: readonly string[],
  walk: Walk,
): Promise<FolderTree> {
  if (walk.signal?.aborted)
    throw new ArcBenchError('cancelled', 'Importing was stopped: run the same again to start it from the beginning.');
  walk.read.set(real, path);
  const folders: FolderTree[] = [];
  const pictures: string[] = [];
  for (const entry of await entriesOf({ path, real }, walk)) {
    if (entry.kind === 'file') {
      if (await isPicture(entry, walk.rejected)) pictures.push(entry.name);
      continue;
    }
    const before = walk.read.get(entry.real);
    if (before === undefined) {
      const inside = await readFolder(entry, [...above, real], walk);
      if (inside.total > 0) folders.push(inside);
    } else if (entry.real !== real && !above.includes(entry.real)) {
      // A link to a folder around it adds nothing. Any other second way would give pictures a second person.
      const reason = `The folder was read already, as ${printable(before)}: remove one of the links to it.`;
      walk.rejected.push({ path: entry.path, reason });
    }
  }
  const total = folders.reduce((sum, folder) => sum + folder.total, pictures.length);
  return { name, path, folders, pictures, total };
}

/** The entries of a folder, sorted by name, without hidden ones. A link that may not be followed is rejected. */
async function entriesOf(folder: Pick<Entry, 'path' | 'real'>, { rule, rejected }: Walk): Promise<Entry[]> {
  const entries: Entry[] = [];
  const listed = await listFolder(folder, { rule, rejected });
  // The folders of a split would be taken for people, and every run would change the dataset.
  const isWorkspace = isWorkspaceOf(new Set(listed.map(({ name }) => name)));
  if (isWorkspace) rejected.push({ path: folder.path, reason: workspaceInside });
  for (const item of listed) {
    if (item.name.startsWith('.') || item.name === '__MACOSX') continue;
    if (isWorkspace && isWorkspaceName(item.name)) continue;
    const path = join(folder.path, item.name);
    const target = item.isSymbolicLink()
      ? await followLink(path, rule)
      : { kind: kindOf(item), real: join(folder.real, item.name) };
    if ('reason' in target) rejected.push({ path, reason: target.reason });
    else if (target.kind !== 'other') entries.push({ name: item.name, path, ...target });
  }
  return entries;
}

async function listFolder(
  { path, real }: Pick<Entry, 'path' | 'real'>,
  { rule, rejected }: Pick<Walk, 'rule' | 'rejected'>,
): Promise<Dirent[]> {
  try {
    const listed = await readdir(path, { withFileTypes: true });
    return listed.sort((a, b) => compareCodeUnits(a.name, b.name));
  } catch (error) {
    if (real === rule.realSource) throw readFault(error, path) ?? error;
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    rejected.push({ path, reason: isGone ? unreachable : unreadReason(error, 'folder') });
    return [];
  }
}

/** Whether a file is a picture by its name, or by its first bytes. Adds why not if it looks like one. */
async function isPicture({ name, path }: Entry, rejected: Rejected[]): Promise<boolean> {
  switch (pictureKindOfName(name)) {
    case 'picture':
      return true;
    case 'other':
      return false;
    case 'unsupported-picture':
      rejected.push({ path, reason: unreadableReason(name) });
      return false;
    case 'unknown': {
      if (await beginsLikePicture(path)) return true;
      rejected.push({ path, reason: notPicture });
      return false;
    }
  }
}

const workspaceInside =
  'The folder is a workspace of ArcBench: what ArcBench wrote in it is no part of the dataset. Give the workspace ' +
  'another place with --workspace.';
const notPicture = `The file is not a ${readablePictures} picture: remove it, or convert it to PNG if it is one.`;

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
