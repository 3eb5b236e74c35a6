import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { FileRelease } from './imagenetFiles.ts';

interface FileOptions {
  readonly to: string;
  /** Where the user can put the file by hand. */
  readonly folderByHand: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
  /** Milliseconds without a byte after which the fetch ends. */
  readonly patience?: number;
}

/**
 * Fetches a file from its address and checks the start of its SHA-256. Throws 'failed' with the address and where to
 * put the file, or 'cancelled'. What the disk refuses is thrown as it is.
 */
export async function downloadFile(release: FileRelease, options: FileOptions): Promise<void> {
  const { to, signal, patience = 30_000, folderByHand } = options;
  const refused = (reason: string, cause?: unknown) =>
    new ArcBenchError(
      'failed',
      `${basename(to)} could not be fetched (${reason}): download ${release.address} yourself and put it into ` +
        `${folderByHand}, or name your file of these weights in model.weights.`,
      { cause },
    );
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), patience);
  const digest = createHash('sha256');
  const file = await open(to, 'wx');
  try {
    const either = AbortSignal.any([signal, silence.signal]);
    for await (const chunk of chunksOf(release.address, either, options.onProgress)) {
      timer.refresh();
      digest.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } catch (error) {
    if (signal.aborted)
      throw new ArcBenchError(
        'cancelled',
        'Stopped while the ImageNet weights were fetched; the same command begins again.',
        { cause: error },
      );
    if (silence.signal.aborted) throw refused(`nothing came for ${patience / 1000} seconds`, error);
    if (isOfDisk(error)) throw error;
    throw refused(reasonOf(error), error);
  } finally {
    clearTimeout(timer);
    await file.close();
  }
  const sha256 = digest.digest('hex');
  if (!sha256.startsWith(release.sha256Start))
    throw refused(`its SHA-256 begins with ${sha256.slice(0, 8)}, not ${release.sha256Start}, so it was not used`);
}

/** The bytes at an address, as they come. */
async function* chunksOf(
  address: string,
  signal: AbortSignal,
  onProgress: FileOptions['onProgress'],
): AsyncGenerator<Uint8Array> {
  const response = await fetch(address, { signal });
  if (!response.ok || !response.body) throw new Error(`the server answers ${response.status}`);
  const total = Number(response.headers.get('content-length') ?? 0);
  let done = 0;
  onProgress(done, total);
  for await (const chunk of response.body) {
    done += chunk.length;
    yield chunk;
    onProgress(done, total);
  }
}

const isOfDisk = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && (error.syscall === 'write' || error.syscall === 'fsync');

/** fetch says only 'fetch failed': the reason is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause ? String(cause.code) : '';
  if (/^(ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/.test(code))
    return `the server cannot be reached: ${code}`;
  return cause.message || code;
}
