import { accessSync, constants, mkdirSync } from 'node:fs';
import { cacheFolder } from './cacheFolder.mjs';
import { SetUpError } from './setUpError.mjs';

/** The per-user folder that engines are kept in. */
export const engineCache = () => cacheFolder('engine');

/** Makes the cache's folder where it is missing; throws where it cannot be written. */
export function makeEngineCache() {
  const cache = engineCache();
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
  } catch (error) {
    throw new SetUpError(
      1,
      `The cache folder ${cache} cannot be written (${/** @type {NodeJS.ErrnoException} */ (error).code}): ` +
        'make it writable, or set ARCBENCH_CACHE to a folder elsewhere.',
    );
  }
  return cache;
}
