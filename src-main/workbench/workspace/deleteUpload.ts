import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { pictureKindOfName } from '../../data/pictureFormat.ts';
import { readPreparedIndex } from '../../data/preparedSet.ts';
import { hashFiles } from '../../files/hashFiles.ts';
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
 * splits. `known` are contents of the upload (SHA-256) that no prepared set may tell any more. Reports and what was
 * trained stay, and so does a split of other faces, even where it has some of these pictures.
 */
export async function deleteUpload(workspace: string, upload: string, known: Iterable<string>): Promise<void> {
  const { area } = workspaceFolders(workspace);
  const copies: string[] = [];
  const contents = new Set(known);
  const others: ReadonlySet<string>[] = []; // contents of each prepared set that stays
  for (const folder of await foldersIn(area('prepared'))) {
    const images = preparedImages(folder);
    const ofUpload = images.filter(({ path }) => path.startsWith(`${upload}${sep}`));
    if (ofUpload.length > 0) copies.push(folder);
    else others.push(new Set(images.map(({ contentHash }) => contentHash)));
    for (const { contentHash } of ofUpload) contents.add(contentHash);
  }
  const sent = await linksIn(upload);
  for (const folder of await foldersIn(area('splits'))) {
    const links = await linksIn(folder);
    const isOf =
      links.size > 0
        ? [...links].some((link) => sent.has(link))
        : isOfUpload(await contentsOfSplit(folder), { contents, others });
    if (isOf) copies.push(folder);
  }
  // The pictures go last: whoever is interrupted here finds with them what else is to be deleted.
  for (const folder of [...copies, upload]) await rm(folder, { recursive: true, force: true });
}

/**
 * The uploads that go with a dataset: its own, and others with the same pictures, since a folder that was uploaded
 * twice, or imported from the disk too, is one dataset. Those of `others` stay: the sources of the other datasets.
 */
export async function uploadsOf(
  workspace: string,
  {
    source,
    others,
    contents,
  }: {
    readonly source: string;
    readonly others: () => readonly string[];
    /** The contents of the dataset's pictures (SHA-256). */ readonly contents: ReadonlySet<string>;
  },
): Promise<readonly string[]> {
  const own = uploadOf(workspace, source);
  const isNeeded = (upload: string) => others().some((other) => uploadOf(workspace, other) === upload);
  const found: string[] = [];
  for (const upload of await foldersIn(workspaceFolders(workspace).area('uploads')))
    if (!isNeeded(upload) && (upload === own || (await holdsOnly(upload, contents)))) found.push(upload);
  return found.filter((upload) => !isNeeded(upload)); // pictures may have been imported meanwhile
}

/** Whether all pictures of an upload have one of these contents (SHA-256). */
async function holdsOnly(upload: string, contents: ReadonlySet<string>): Promise<boolean> {
  const pictures = (await filesIn(upload)).filter((path) => pictureKindOfName(basename(path)) === 'picture');
  for (const path of pictures) if (!contents.has(await hashFiles(path))) return false;
  return pictures.length > 0;
}

const foldersIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));

const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** The images of a prepared set; none where its index cannot be read, as in a folder of drawn faces. */
function preparedImages(folder: string): readonly { readonly path: string; readonly contentHash: string }[] {
  try {
    return readPreparedIndex(folder).images;
  } catch {
    return [];
  }
}

/** The files of a folder that are links to files elsewhere too, each by what it shares with them. */
async function linksIn(folder: string): Promise<ReadonlySet<string>> {
  const links = new Set<string>();
  for (const path of await filesIn(folder)) {
    const { dev, ino, nlink } = await stat(path);
    if (nlink > 1) links.add(`${dev} ${ino}`);
  }
  return links;
}

/** Whether a split of copies, where the disk has no links, has pictures of an upload that no set has which stays. */
const isOfUpload = (
  split: readonly string[],
  { contents, others }: { readonly contents: ReadonlySet<string>; readonly others: readonly ReadonlySet<string>[] },
): boolean => {
  const areAllIn = (these: ReadonlySet<string>) => split.every((hash) => these.has(hash));
  return split.length > 0 && areAllIn(contents) && !others.some(areAllIn);
};

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
