import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { SetUpError } from './setUpError.mjs';

/** The per-user folder that engines are kept in: ARCBENCH_CACHE, else XDG_CACHE_HOME, else ~/.cache. */
export function engineCache() {
  const { ARCBENCH_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  if (own) return join(resolve(own), 'engine');
  return join(shared && isAbsolute(shared) ? shared : join(home(), '.cache'), 'arcbench', 'engine');
}

/** Makes the cache's folder where it is missing; throws where it cannot be written. */
export function makeEngineCache() {
  const cache = engineCache();
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
  } catch (error) {
    throw new SetUpError(1, `The cache folder ${cache} cannot be written (${/** @type {NodeJS.ErrnoException} */ (error).code}): make it writable, or set ARCBENCH_CACHE to a folder elsewhere.`);
  }
  return cache;
}

function home() {
  try {
    const found = homedir();
    if (isAbsolute(found)) return found;
  } catch { /* neither HOME nor an entry of the user */ }
  throw new SetUpError(2, 'The user has no home folder to keep the engine in: set HOME, or set ARCBENCH_CACHE to a folder that can be written.');
}
