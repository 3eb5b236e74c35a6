import { lstat, realpath, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { Dirent, Stats } from 'node:fs';
import type { FoundImage, Rejected } from './dataset.ts';
import { fileState, type FileState } from './fileState.ts';

/** A picture as an importer finds it, before its file is looked at. */
export type NamedImage = Omit<FoundImage, keyof FileState>;

/** Where links of a source may lead: on the command line anywhere, since the source is the user's own word. */
export interface LinkRule {
  readonly realSource: string;
  readonly followOutside: boolean;
}

export type EntryKind = 'folder' | 'file' | 'other';

const filesAtATime = 256;
// Node reads a name that is not UTF-8 as a different name, which then does not exist.
export const unreachable =
  'The file cannot be reached, because its name is not valid UTF-8, its path is too long, or it was moved during ' +
  'the import: rename it or its folder, and import again.';

/** Adds the state of its file to each picture. A file that is not there is rejected with `missing`. */
export async function withFileStates(
  named: readonly NamedImage[],
  rule: LinkRule,
  missing = unreachable,
): Promise<{ readonly images: FoundImage[]; readonly rejected: Rejected[] }> {
  const images: FoundImage[] = [];
  const rejected: Rejected[] = [];
  for (let first = 0; first < named.length; first += filesAtATime) {
    const batch = named.slice(first, first + filesAtATime);
    const states = await Promise.all(batch.map(({ path }) => statOf(path, rule)));
    for (const [index, image] of batch.entries()) {
      const state = states[index] ?? null;
      if (state === null) rejected.push({ path: image.path, reason: missing });
      else if ('reason' in state) rejected.push({ path: image.path, reason: state.reason });
      else images.push({ ...image, ...fileState(state) });
    }
  }
  return { images, rejected };
}

async function statOf(path: string, rule: LinkRule): Promise<Stats | { readonly reason: string } | null> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isSymbolicLink()) return found?.isFile() ? found : null;
  const target = await followLink(path, rule);
  if ('reason' in target) return target;
  return target.kind === 'file' ? await stat(path).catch(() => null) : null;
}

export function kindOf(item: Dirent | Stats): EntryKind {
  if (item.isDirectory()) return 'folder';
  return item.isFile() ? 'file' : 'other';
}

/** Follows the symbolic links of a path. Gives the reason if they lead to nothing or where they may not lead. */
export async function followLink(
  path: string,
  { realSource, followOutside }: LinkRule,
): Promise<{ readonly kind: EntryKind; readonly real: string } | { readonly reason: string }> {
  try {
    const real = await realpath(path);
    const way = relative(realSource, real);
    if (!followOutside && (way === '..' || way.startsWith(`..${sep}`)))
      return {
        reason:
          'The symbolic link leads out of the source folder, where only the command line follows it: import with ' +
          '`arcbench import`, or copy the picture into the source folder.',
      };
    return { kind: kindOf(await stat(real)), real };
  } catch {
    return {
      reason: 'The file does not exist, or its symbolic link leads nowhere: correct the path or remove the link.',
    };
  }
}
