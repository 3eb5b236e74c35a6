import { homedir } from 'node:os';
import { join } from 'node:path';

/** A part of the per-user cache of what is fetched once: ARCBENCH_CACHE, else the system's place for caches. @param {'engine' | 'weights'} part */
export const cacheFolder = (part) => join(process.env.ARCBENCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'arcbench'), part);
