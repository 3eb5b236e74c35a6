import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetUpError } from './setUpError.mjs';

const prefix = 'building-';

/**
 * Makes a folder of the cache whole or not at all: `make` fills a folder beside it, which then takes its place. Throws
 * SetUpError where the disk is full.
 * @param {{ target: string, signal: AbortSignal }} what @param {(work: string) => Promise<void>} make
 */
export async function builtWhole({ target, signal }, make) {
  const cache = dirname(target);
  const work = mkdtempSync(join(cache, prefix));
  const damaged = `${work}-damaged`;
  try {
    await make(work);
    chmodSync(work, 0o777 & ~process.umask()); // mkdtemp makes it private, and a laboratory may share its cache
    signal.throwIfAborted();
    if (existsSync(target)) renameSync(target, damaged);
    renameSync(work, target);
  } catch (error) {
    throw isDiskFull(error, cache) ? diskFull(cache) : error;
  } finally {
    remove(work);
    remove(damaged);
  }
}

/** Removes what interrupted set-ups left in the cache; only the holder of the lock may. @param {string} cache */
export function sweepUnfinished(cache) {
  for (const name of readdirSync(cache)) if (name.startsWith(prefix)) remove(join(cache, name));
}

/**
 * Removes a folder, unless a tool of a dead set-up still writes there: then the next set-up sweeps it.
 * @param {string} folder
 */
export function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    /* the next set-up sweeps it */
  }
}

/** @param {string} cache @param {string} [figures] */
export const diskFull = (cache, figures = '') =>
  new SetUpError(
    1,
    `The disk of ${cache} has too little space for the engine${figures}; nothing half-made was left behind: free ` +
      'some, or set ARCBENCH_CACHE to a folder elsewhere.',
  );

/** A linker may die of a full disk without saying so. @param {unknown} error @param {string} cache */
function isDiskFull(error, cache) {
  if (/No space left|ENOSPC|EDQUOT|quota exceeded/i.test(String(error))) return true;
  const { bavail, bsize } = statfsSync(cache);
  return bavail * bsize < 100_000;
}
