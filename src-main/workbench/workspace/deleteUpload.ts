import { readdir, readFile, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { readPreparedIndex } from '../../data/preparedSet.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';

/** The folder of the upload that holds a source of faces; null where a source was not uploaded. */
export function uploadOf(workspace: string, source: string): string | null {
  const uploads = workspaceFolders(workspace).area('uploads');
  const [name = '', ...rest] = relative(uploads, source).split(sep);
  const isBelow = name !== '' && name !== '..' && (rest.length > 0 || source === join(uploads, name));
  return isBelow && source.startsWith(uploads) ? join(uploads, name) : null;
}

/**
 * Deletes uploaded pictures and every copy of them that the workspace made to train: prepared sets, and folders of
 * splits. Reports and what was trained stay.
 */
export async function deleteUpload(workspace: string, upload: string): Promise<void> {
  const { area } = workspaceFolders(workspace);
  const copies: string[] = [];
  const contents = new Set<string>();
  for (const folder of await foldersIn(area('prepared'))) {
    const images = preparedImages(folder).filter(({ path }) => path.startsWith(`${upload}${sep}`));
    if (images.length > 0) copies.push(folder);
    for (const { contentHash } of images) contents.add(contentHash);
  }
  for (const folder of await foldersIn(area('splits')))
    if ((await contentsOfSplit(folder)).some((hash) => contents.has(hash))) copies.push(folder);
  // The pictures go last: whoever is interrupted here finds with them what else is to be deleted.
  for (const folder of [...copies, upload]) await rm(folder, { recursive: true, force: true });
}

const foldersIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));

/** The images of a prepared set; none where its index cannot be read, as in a folder of drawn faces. */
function preparedImages(folder: string): readonly { readonly path: string; readonly contentHash: string }[] {
  try {
    return readPreparedIndex(folder).images;
  } catch {
    return [];
  }
}

async function contentsOfSplit(folder: string): Promise<readonly string[]> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
      readonly files: readonly { readonly sha256: string }[];
    };
    return manifest.files.map(({ sha256 }) => sha256);
  } catch {
    return []; // `arcbench check` names it
  }
}
