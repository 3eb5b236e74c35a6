import { createHash, hash } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PreparedImage } from './preparedSet.ts';
import { syncFolder } from '../files/syncFolder.ts';
import { isLeftover } from '../files/workspaceFolders.ts';
import { makeFolder } from '../files/writeWhole.ts';

/** Size in bytes and time of change in milliseconds of a source file, by which a change is seen. */
export type SourceState = readonly [bytes: number, modified: number];

/** What came of one picture of a dataset: its face, or why it has none; `source` is null where its file is gone. */
export type PreparedRow =
  | { readonly source: SourceState; readonly face: Omit<PreparedImage, 'path' | 'identity' | 'part'> }
  | { readonly source: SourceState | null; readonly reason: string; readonly faces?: 0 };

/** The next rows of a dataset, with the number of bytes and the SHA-256 of their faces' pixels. */
export interface PreparedBatch {
  readonly rows: readonly PreparedRow[];
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Pixels and rows of a set that is being prepared, kept batch by batch, so that a preparation that is killed goes on
 * where it was.
 */
export interface UnfinishedSet {
  add(batch: PreparedBatch, pixels: Uint8Array): Promise<void>;
  /** Sees the pixels onto the disk. */
  sync(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  close(): Promise<void>;
}

/** Where the pixels of a set to be grow. */
export const unfinishedFolderOf = (set: string) => `${set}.unfinished`;
const rowsOf = (set: string) => `${set}.rows`;
const pixelsOf = (set: string) => join(unfinishedFolderOf(set), 'images.bin');

/**
 * The batches of the set to be at a path that are whole, from the first on, each read back and compared with its
 * SHA-256; `damaged` where a later one is not, other than the last line, which a kill cuts off.
 */
export async function readUnfinishedSet(
  set: string,
): Promise<{ readonly batches: readonly PreparedBatch[]; readonly damaged: boolean }> {
  const lines = (await readFile(rowsOf(set), 'utf8').catch(() => '')).split('\n').slice(0, -1);
  const pixels = await open(pixelsOf(set), 'r').catch(() => null);
  const batches: PreparedBatch[] = [];
  try {
    let at = 0;
    for (const line of lines) {
      const batch = pixels && batchOf(line);
      const content = batch && Buffer.alloc(batch.bytes);
      if (
        !batch ||
        !content ||
        (await pixels.read(content, 0, batch.bytes, at)).bytesRead < batch.bytes ||
        hash('sha256', content) !== batch.sha256
      )
        break;
      at += batch.bytes;
      batches.push(batch);
    }
  } finally {
    await pixels?.close();
  }
  return { batches, damaged: batches.length < lines.length };
}

/** Opens the set to be at a path for more batches, after those that are kept; whatever else it held is dropped. */
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
      await writeAll(rowFile, Buffer.from(lineOf(batch))); // after the pixels that it vouches for
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

/**
 * The sets to be in a folder that were begun and not finished, by their paths, with the time of their last batch in
 * milliseconds since 1970.
 */
export async function unfinishedSets(
  folder: string,
): Promise<readonly { readonly set: string; readonly touched: number }[]> {
  const names = (await readdir(folder).catch(() => [])).flatMap(
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

/** Gives an unfinished set, closed and with its index, its place; before that nobody sees it. */
export async function finishSet(set: string, writeIndex: (path: string) => Promise<void>): Promise<void> {
  for (const name of await readdir(unfinishedFolderOf(set)))
    // of an index that was being written when the power failed
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
  await syncFolder(dirname(set)); // or a loss of power brings them back
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
