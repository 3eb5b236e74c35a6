import { createHash, hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PreparedImage } from './preparedSet.ts';
import { piecesOfFile } from '../files/checkedLines.ts';
import { syncFolder } from '../files/syncFolder.ts';
import { isLeftover } from '../files/workspaceFolders.ts';
import { makeFolder } from '../files/writeWhole.ts';
import { ifGone, readFault } from '../files/readFault.ts';

/**
 * The result for one picture of a dataset: its face, or why it has none. `isOutside` says that it was not read, because
 * a link leads out of the source.
 */
export type PreparedRow =
  | { readonly face: Omit<PreparedImage, 'path' | 'identity' | 'part'> }
  | { readonly reason: string; readonly faces?: 0; readonly isOutside?: true };

/** Some rows of a dataset, with the number of bytes and the SHA-256 of the pixels of their faces. */
export interface PreparedBatch {
  readonly rows: readonly PreparedRow[];
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Pixels and rows of a set that is being prepared. They are kept batch by batch, so that a preparation that is killed
 * can go on where it stopped.
 */
export interface UnfinishedSet {
  add(batch: PreparedBatch, pixels: Uint8Array): Promise<void>;
  /** Makes sure that the pixels are on the disk. */
  sync(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  close(): Promise<void>;
}

/** Where the pixels of a set are until it is finished. */
export const unfinishedFolderOf = (set: string) => `${set}.unfinished`;
const rowsOf = (set: string) => `${set}.rows`;
const pixelsOf = (set: string) => join(unfinishedFolderOf(set), 'images.bin');

/**
 * The complete batches of an unfinished set, from the first one on. Each is read back and compared with its SHA-256.
 * `damaged` says whether a batch is not as it was written. A last line that a kill cut off does not count.
 */
export async function readUnfinishedSet(
  set: string,
): Promise<{ readonly batches: readonly PreparedBatch[]; readonly damaged: boolean }> {
  const batches: PreparedBatch[] = [];
  if (!existsSync(rowsOf(set))) return { batches, damaged: false };
  const pixels = await open(pixelsOf(set), 'r').catch(ifGone(pixelsOf(set), null));
  try {
    let at = 0;
    for (const { lines } of piecesOfFile(rowsOf(set)))
      for (const line of lines) {
        const batch = pixels && (await wholeBatch(line, { pixels, at }));
        if (!batch) return { batches, damaged: true };
        at += batch.bytes;
        batches.push(batch);
      }
  } catch (error) {
    throw readFault(error, rowsOf(set)) ?? error;
  } finally {
    await pixels?.close();
  }
  return { batches, damaged: false };
}

/** The batch of a line, if its pixels are as they were written. */
async function wholeBatch(
  line: string,
  { pixels, at }: { readonly pixels: FileHandle; readonly at: number },
): Promise<PreparedBatch | null> {
  const batch = batchOf(line);
  if (!batch) return null;
  const content = Buffer.alloc(batch.bytes);
  const { bytesRead } = await pixels.read(content, 0, batch.bytes, at);
  return bytesRead === batch.bytes && hash('sha256', content) === batch.sha256 ? batch : null;
}

/** Opens an unfinished set to add batches after those that are kept. Everything else in it is dropped. */
export async function openUnfinishedSet(set: string, kept: readonly PreparedBatch[]): Promise<UnfinishedSet> {
  await makeFolder(unfinishedFolderOf(set));
  const [pixelFile, rowFile] = await Promise.all([open(pixelsOf(set), 'a+'), open(rowsOf(set), 'a')]);
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    for (const batch of kept) {
      const content = Buffer.alloc(batch.bytes);
      await pixelFile.read(content, 0, batch.bytes, bytes);
      digest.update(content);
      bytes += batch.bytes;
    }
    await pixelFile.truncate(bytes);
    await rowFile.truncate(kept.reduce((sum, batch) => sum + Buffer.byteLength(lineOf(batch)), 0));
  } catch (error) {
    await Promise.all([pixelFile.close(), rowFile.close()]);
    throw error;
  }
  return {
    async add(batch, pixels) {
      await writeAll(pixelFile, pixels);
      // The line comes after its pixels, so that it never promises pixels that are missing.
      await writeAll(rowFile, Buffer.from(lineOf(batch)));
      digest.update(pixels);
      bytes += pixels.length;
    },
    async sync() {
      await pixelFile.sync();
      return { bytes, sha256: digest.copy().digest('hex') };
    },
    close: async () => {
      await Promise.all([pixelFile.close(), rowFile.close()]);
    },
  };
}

/** The unfinished sets in a folder, by their paths, with the time of their last batch in milliseconds since 1970. */
export async function unfinishedSets(
  folder: string,
): Promise<readonly { readonly set: string; readonly touched: number }[]> {
  const names = (await readdir(folder).catch(ifGone(folder, []))).flatMap(
    (name) => /^([0-9a-f]{64})\.(?:unfinished|rows)$/.exec(name)?.[1] ?? [],
  );
  return await Promise.all(
    [...new Set(names)].sort().map(async (name) => {
      const set = join(folder, name);
      const { mtimeMs: touched } = await stat(rowsOf(set)).catch(() => stat(unfinishedFolderOf(set)));
      return { set, touched };
    }),
  );
}

/** Writes the index of an unfinished set and moves the set to its place. Until then nobody sees it. */
export async function finishSet(set: string, writeIndex: (path: string) => Promise<void>): Promise<void> {
  for (const name of await readdir(unfinishedFolderOf(set)))
    // An earlier index may have been cut off by a loss of power.
    if (isLeftover(name)) await rm(join(unfinishedFolderOf(set), name));
  await writeIndex(join(unfinishedFolderOf(set), 'index.json'));
  await rename(unfinishedFolderOf(set), set);
  await syncFolder(dirname(set));
  await rm(rowsOf(set), { force: true });
  await syncFolder(dirname(set));
}

export async function removeUnfinishedSet(set: string): Promise<void> {
  await rm(unfinishedFolderOf(set), { recursive: true, force: true });
  await rm(rowsOf(set), { force: true });
  await syncFolder(dirname(set)); // otherwise a loss of power could bring them back
}

function lineOf(batch: PreparedBatch): string {
  const text = JSON.stringify(batch);
  return `${hash('sha256', text)} ${text}\n`;
}

function batchOf(line: string): PreparedBatch | null {
  const sum = line.slice(0, 64);
  const text = line.slice(65);
  return hash('sha256', text) === sum ? (JSON.parse(text) as PreparedBatch) : null;
}

async function writeAll(file: FileHandle, content: Uint8Array): Promise<void> {
  for (let written = 0; written < content.length;) written += (await file.write(content, written)).bytesWritten;
}
