import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { pageName } from '../../../src-shared/reportPageName.ts';
import { foldersOf, outsideReason } from '../../data/outsideReason.ts';
import { decodeWithinMemory, readPicture } from '../../data/pictureFile.ts';
import { openPackedImages, openPreparedSet, type PackedImages, type PreparedSet } from '../../data/preparedSet.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { EditedDataset } from '../experiment/datasetLibrary.ts';
import type { Resource } from '../workbench.ts';

const largestSide = 1600;
const cachedPictures = 2000;
const typeOf: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.md': 'text/markdown; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.yaml': 'text/yaml; charset=utf-8',
  '.png': 'image/png',
  '.html': 'text/html; charset=utf-8',
};

/**
 * The bytes that screens show: imported pictures, faces as the network sees them, and files of reports. `packed` makes
 * the archive of a report, and `exported` that of a run.
 */
export function resources({
  workspace,
  library,
  roots,
  packed,
  exported,
}: {
  readonly workspace: string;
  readonly library: { readonly edited: (hash: string) => Promise<Pick<EditedDataset, 'base'>> };
  /** The folders that the user opened. */
  readonly roots: readonly string[];
  readonly packed: (id: string) => Promise<Uint8Array>;
  readonly exported: (run: string) => Promise<Uint8Array>;
}) {
  const folders = workspaceFolders(workspace);
  const pictures = new Map<string, Resource>(); // least recently used first
  let open: { readonly set: PreparedSet; readonly packed: PackedImages } | null = null;
  const remember = (address: string, resource: Resource): Resource => {
    pictures.delete(address);
    pictures.set(address, resource);
    if (pictures.size > cachedPictures) pictures.delete(pictures.keys().next().value as string);
    return resource;
  };
  const original = async (hash: string, index: number, side: number): Promise<Resource | null> => {
    const { base: dataset } = await library.edited(hash); // pictures that were excluded are shown too
    const path = dataset.images[index]?.path;
    if (path === undefined) return null;
    try {
      if ((await outsideReason(path, foldersOf(dataset, roots))) !== null) return null;
      const picture = readPicture(path); // a file that is not a picture goes to no decoder
      if ('reason' in picture) return null;
      const bytes = await decodeWithinMemory(picture, ({ open }) =>
        open('none')
          .resize(side, side, { fit: 'inside', withoutEnlargement: true })
          .flatten({ background: '#808080' })
          .webp({ quality: 82 })
          .toBuffer(),
      );
      return 'reason' in bytes ? null : { type: 'image/webp', bytes };
    } catch {
      return null; // gone, or not decodable
    }
  };
  const face = async (hash: string, index: number): Promise<Resource | null> => {
    if (open?.set.hash !== hash) {
      const folder = folders.preparedSet(hash);
      if (!existsSync(folder)) return null;
      const set = openPreparedSet(folder);
      open?.packed.close();
      open = { set, packed: openPackedImages(set) };
    }
    const { set, packed } = open;
    if (index >= set.count) return null;
    const side = set.inputSize;
    const pixels = new Uint8Array(side * side * 3);
    packed.readInto([index], pixels);
    return {
      type: 'image/webp',
      bytes: await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
        .webp({ quality: 90 })
        .toBuffer(),
    };
  };
  const report = async (id: string, file: string): Promise<Resource | null> => {
    const folder = folders.report(id);
    if (!existsSync(folder) || !(await readdir(folder)).includes(file)) return null;
    return {
      type: typeOf[extname(file)] ?? 'application/octet-stream',
      bytes: await readFile(join(folder, file)),
      // It is saved, never opened: a page has no place among the screens.
      ...(file === pageName && { fileName: `report-${id}.html` }),
    };
  };
  const archive = async (id: string): Promise<Resource | null> => {
    const folder = folders.report(id);
    if (!existsSync(folder)) return null;
    return { type: 'application/zip', bytes: await packed(id), fileName: `report-${id}.zip` };
  };
  return {
    async read(address: string): Promise<Resource | null> {
      const known = pictures.get(address);
      if (known) return remember(address, known);
      const pictureOf = /^pictures\/original\/([\w.-]{1,80})\/(\d{1,9})\?side=(\d{1,4})$/.exec(address);
      if (pictureOf) {
        const found = await original(
          pictureOf[1]!,
          Number(pictureOf[2]),
          Math.min(largestSide, Math.max(16, Number(pictureOf[3]))),
        );
        return found && remember(address, found);
      }
      const faceOf = /^pictures\/face\/([0-9a-f]{64})\/(\d{1,9})$/.exec(address);
      if (faceOf) {
        const found = await face(faceOf[1]!, Number(faceOf[2]));
        return found && remember(address, found);
      }
      const runOf = /^runs\/([\w.-]{1,80})\.zip$/.exec(address)?.[1];
      if (runOf !== undefined)
        return { type: 'application/zip', bytes: await exported(runOf), fileName: `run-${runOf}.zip` };
      const archiveOf = /^reports\/([0-9a-f]{12}(?:-[0-9a-f]{8})?)\.zip$/.exec(address);
      if (archiveOf) return await archive(archiveOf[1]!);
      const reportOf = /^reports\/([0-9a-f]{12}(?:-[0-9a-f]{8})?)\/([^/?]{1,200})(?:\?written=[\w.%-]{1,60})?$/.exec(
        address,
      );
      return reportOf ? await report(reportOf[1]!, decodeURIComponent(reportOf[2]!)) : null;
    },
    close: () => open?.packed.close(),
  };
}
