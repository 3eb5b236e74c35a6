import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * @typedef {{ version: string, device: import('./engineRelease.mjs').Device, files: Record<string, { bytes: number,
 * sha256: string }> }} EngineManifest
 */

const name = 'manifest.json';

/** @param {string} path */
export async function sha256Of(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Records size and SHA-256 of an engine's files; written last, it says that the engine is whole.
 * @param {string} engine
 * @param {Pick<EngineManifest, 'version' | 'device'> & { files: string[], known?: EngineManifest['files'] }} of
 *   `known`: files that were measured elsewhere
 */
export async function writeManifest(engine, { version, device, files, known = {} }) {
  /** @type {EngineManifest} */
  const manifest = { version, device, files: { ...known } };
  for (const file of files)
    manifest.files[file] = { bytes: statSync(join(engine, file)).size, sha256: await sha256Of(join(engine, file)) };
  writeFileSync(join(engine, name), `${JSON.stringify(manifest, null, 1)}\n`, { flush: true });
}

/** @param {string} folder @param {string} [within] @returns {string[]} all files, sorted, as paths in the folder */
export const filesIn = (folder, within = '') =>
  readdirSync(join(folder, within), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesIn(folder, join(within, entry.name)) : [join(within, entry.name)]))
    .sort();

/** @param {string} engine @returns {EngineManifest | null} null where there is none that can be read */
export function readManifest(engine) {
  try {
    const manifest = JSON.parse(readFileSync(join(engine, name), 'utf8'));
    return typeof manifest.files === 'object' && Object.keys(manifest.files).length > 0 ? manifest : null;
  } catch {
    return null;
  }
}

/** The cheap check, by sizes: what is wrong with an engine, or null. @param {string} engine */
export function engineFault(engine) {
  const manifest = readManifest(engine);
  if (!manifest) return 'it has no readable manifest';
  for (const [file, { bytes }] of Object.entries(manifest.files)) {
    const found = statSync(join(engine, file), { throwIfNoEntry: false })?.size;
    if (found !== bytes)
      return found === undefined ? `${file} is missing` : `${file} has ${found} bytes, expected ${bytes}`;
  }
  return null;
}

/** The full check, by SHA-256: what is wrong with an engine, or null. @param {string} engine */
export async function engineFaultByHash(engine) {
  const fault = engineFault(engine);
  if (fault) return fault;
  for (const [file, { sha256 }] of Object.entries(readManifest(engine)?.files ?? {})) {
    if ((await sha256Of(join(engine, file))) !== sha256)
      return `${file} has other bytes than those that were installed`;
  }
  return null;
}

/** Where a package tfjs-node-gpu finds the addon: a link into an engine's folder. @param {string} tfjs */
export const addonPlace = (tfjs) => join(tfjs, 'lib', 'napi-v8');

/** The folder of the engine that a package tfjs-node-gpu is linked to, or null. @param {string} tfjs */
export const linkedEngine = (tfjs) => (existsSync(addonPlace(tfjs)) ? dirname(realpathSync(addonPlace(tfjs))) : null);
