import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { SetUpError } from './setUpError.mjs';

/**
 * A part of the per-user cache of what is fetched or measured once: ARCBENCH_CACHE, else XDG_CACHE_HOME, else ~/.cache.
 * Throws SetUpError where the user has no home. @param {'engine' | 'weights' | 'speed'} part
 */
export function cacheFolder(part) {
  const { ARCBENCH_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  return own
    ? join(resolve(own), part)
    : join(shared && isAbsolute(shared) ? shared : join(home(), '.cache'), 'arcbench', part);
}

function home() {
  try {
    const found = homedir();
    if (isAbsolute(found)) return found;
  } catch {
    /* neither HOME nor an entry of the user */
  }
  throw new SetUpError(
    2,
    'The user has no home folder to keep the cache in: set HOME, or set ARCBENCH_CACHE to a folder that can ' +
      'be written.',
  );
}
