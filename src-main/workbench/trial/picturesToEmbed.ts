import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { dataSchema } from '../../../src-shared/dataSchema.ts';
import type { FaceImage, Rejected } from '../../data/dataset.ts';
import { readFolderTree, type FolderTree } from '../../data/folderTree.ts';
import { importCsv } from '../../data/importCsv.ts';
import { importDataset } from '../../data/importDataset.ts';

export interface FoundPictures {
  readonly images: readonly FaceImage[];
  readonly rejected: readonly Rejected[];
}

/**
 * The pictures of folders, lists (.csv) and files. A folder is read as an import reads it, with its people and
 * landmarks; one that is not laid out by people gives its pictures without names. Throws 'wrong-input'.
 */
export async function picturesToEmbed(
  inputs: readonly string[],
  { workspace, signal }: { readonly workspace: string; readonly signal: AbortSignal },
): Promise<FoundPictures> {
  const found: FoundPictures[] = [];
  for (const input of inputs) found.push(await picturesOf(resolve(input), { workspace, signal }));
  const images = new Map(found.flatMap((each) => each.images).map((image) => [image.path, image])); // each once
  if (images.size === 0)
    throw new ArcBenchError(
      'wrong-input',
      `There is no picture in ${inputs.join(', ')}: pictures, folders of pictures or a CSV list of them were expected.`,
    );
  return { images: [...images.values()], rejected: found.flatMap((each) => each.rejected) };
}

async function picturesOf(
  path: string,
  options: { readonly workspace: string; readonly signal: AbortSignal },
): Promise<FoundPictures> {
  const state = await stat(path).catch(() => null);
  if (!state)
    throw new ArcBenchError('wrong-input', `There is no file or folder ${path}: name a picture, a folder or a CSV.`);
  if (state.isDirectory()) return (await asDataset(path, options)) ?? (await asPictures(path, options.signal));
  if (/\.(csv|tsv|txt)$/i.test(path)) {
    const { images, rejected } = await importCsv(path);
    return { images: [...images], rejected };
  }
  if (/\.rec$/i.test(path)) return (await asDataset(path, options)) ?? { images: [], rejected: [] };
  return { images: [{ path, identity: '' }], rejected: [] };
}

/** A folder as an import reads it; null where it is not laid out by people. */
async function asDataset(
  source: string,
  options: { readonly workspace: string; readonly signal: AbortSignal },
): Promise<FoundPictures | null> {
  try {
    return await importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, options);
  } catch (error) {
    if (error instanceof ArcBenchError && error.code === 'wrong-input') return null;
    throw error;
  }
}

/** Every picture of a folder, in the order of its names, of nobody in particular. */
async function asPictures(source: string, signal: AbortSignal): Promise<FoundPictures> {
  const rule = { realSource: await realpath(source), followOutside: true };
  const { tree, rejected } = await readFolderTree(source, rule, signal);
  const within = (folder: FolderTree): FaceImage[] => [
    ...folder.pictures.map((name) => ({ path: join(folder.path, name), identity: '' })),
    ...folder.folders.flatMap(within),
  ];
  return { images: within(tree), rejected };
}
