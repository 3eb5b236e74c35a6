import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { builtWhole, diskFull, remove, sweepUnfinished } from './builtWhole.mjs';
import { addon, addonFlags, compileAddon, tryAddon } from './compileAddon.mjs';
import { engineCache, makeEngineCache } from './engineCache.mjs';
import { askedDevice, hasNvidiaCard } from './engineDevice.mjs';
import { addonPlace, engineFault, readManifest, writeManifest } from './engineManifest.mjs';
import { releaseFor } from './engineRelease.mjs';
import { findCompiler, findPython } from './findTools.mjs';
import { headersIn, installLibraries } from './installLibraries.mjs';
import { kernelSources } from './kernelSources.mjs';
import { patchBackend } from './patchBackend.mjs';
import { say, SetUpError } from './setUpError.mjs';
import { withLock } from './withLock.mjs';

/** @typedef {import('./engineRelease.mjs').Release} Release */

/**
 * Brings libtensorflow and the compiled addon into the per-user cache, whole or not at all, and links them into
 * node_modules. Does nothing where all is there. ARCBENCH_ENGINE and the machine choose between CPU and CUDA. Throws
 * SetUpError.
 * @param {string} modules @param {AbortSignal} signal
 */
export async function installEngine(modules, signal) {
  const tfjs = join(modules, '@tensorflow', 'tfjs-node-gpu');
  for (const folder of [join(tfjs, 'binding'), join(modules, 'node-api-headers', 'include')]) {
    if (!existsSync(folder))
      throw new SetUpError(2, `The folder ${folder} is missing, which the addon is built from: run \`npm ci\`.`);
  }
  const backend = patchBackend(readFileSync(join(tfjs, 'binding', 'tfjs_backend.cc'), 'utf8'));
  const engineOf = (/** @type {Release} */ of) =>
    join(engineCache(), `tensorflow-${of.version}-${of.device}-${keyOf(of, tfjs, backend)}`);
  const isReady = (/** @type {string} */ engine) =>
    linkOf(addonPlace(tfjs)) === join(engine, 'tensorflow') && engineFault(engine) === null;
  const release = chooseRelease((of) => isReady(engineOf(of)));
  const engine = engineOf(release);
  if (isReady(engine)) return;
  const cache = makeEngineCache();
  try {
    const python = findPython();
    await withLock({ lock: join(cache, 'install.lock'), python: python.command, signal }, async (alone) => {
      if (alone) sweep(cache, tfjs);
      if (engineFault(engine)) await build({ engine, release, python, modules, backend, signal });
      link(addonPlace(tfjs), join(engine, 'tensorflow'));
    });
  } catch (error) {
    throw signal.aborted
      ? new SetUpError(
          130,
          'The installation of the engine was interrupted and left nothing half-made behind: run the command again.',
        )
      : sentenceOf(error, cache);
  }
}

/** @param {(release: Release) => boolean} isReady */
function chooseRelease(isReady) {
  const asked = askedDevice();
  if (asked !== 'auto') return releaseFor(process, asked);
  if (process.platform !== 'linux' || process.arch !== 'x64') return releaseFor(process, 'cpu');
  const cuda = releaseFor(process, 'cuda');
  // CUDA's engine runs without a card too. Machines with and without one may share a home, and must not replace it for
  // one another.
  return hasNvidiaCard() || isReady(cuda) ? cuda : releaseFor(process, 'cpu');
}

/**
 * What distinguishes engines of one version: wheels, sources and how they are built.
 * @param {Release} release @param {string} tfjs @param {string} backend
 */
function keyOf({ wheels }, tfjs, backend) {
  const binding = join(tfjs, 'binding');
  const kernels = kernelSources(process);
  const key = createHash('sha256')
    .update(JSON.stringify([wheels.map(({ sha256 }) => sha256), addonFlags]))
    .update(backend);
  for (const path of [
    ...readdirSync(binding)
      .sort()
      .map((name) => join(binding, name)),
    ...kernels.sources,
    ...kernels.headers,
  ])
    key.update(JSON.stringify(basename(path))).update(readFileSync(path));
  return key.digest('hex').slice(0, 12);
}

/**
 * Builds an engine: its libraries are links to those of the release, its addon is compiled.
 * @param {{ engine: string, release: Release, python: import('./findTools.mjs').Python, modules: string, backend:
 * string, signal: AbortSignal }} what
 */
async function build({ engine, release, python, modules, backend, signal }) {
  const compiler = findCompiler();
  if (existsSync(engine)) say(`The engine in ${engine} is damaged (${engineFault(engine)}): installing it again.`);
  const libraries = await installLibraries({ cache: dirname(engine), release, python, signal });
  await builtWhole({ target: engine, signal }, async (work) => {
    const known = Object.fromEntries(
      Object.entries(readManifest(libraries)?.files ?? {}).filter(([file]) => !file.startsWith(headersIn + sep)),
    );
    for (const file of Object.keys(known)) linkFile(join(libraries, file), join(work, file));
    say('Compiling the addon …');
    const folder = join(work, 'tensorflow');
    const headers = join(libraries, headersIn);
    await compileAddon({ compiler, modules, headers, folder, libraries: release.libraries, backend, signal });
    await tryAddon(folder, signal);
    const { version, device } = release;
    await writeManifest(work, { version, device, files: [join('tensorflow', addon)], known });
  });
}

/**
 * Links a file, or copies it where the file system or the file's owner forbids links.
 * @param {string} from @param {string} to
 */
function linkFile(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch (error) {
    const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'].includes(code)) throw error;
    copyFileSync(from, to);
  }
}

/** @param {unknown} error @param {string} cache */
function sentenceOf(error, cache) {
  if (error instanceof SetUpError || !(error instanceof Error) || !('code' in error)) return error;
  const { code, path = cache } = /** @type {NodeJS.ErrnoException} */ (error);
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? diskFull(cache)
    : new SetUpError(1, `${path} cannot be written (${code}): make it writable, then run the command again.`);
}

/**
 * Removes what interrupted set-ups left; only the holder of the lock may.
 * @param {string} cache @param {string} tfjs
 */
function sweep(cache, tfjs) {
  sweepUnfinished(cache);
  const links = dirname(addonPlace(tfjs));
  for (const name of existsSync(links) ? readdirSync(links) : [])
    if (name.startsWith(`${basename(addonPlace(tfjs))}.`)) remove(join(links, name));
}

/** @param {string} place */
const linkOf = (place) => (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(place) : null);

/** Makes `place` a link, replacing another link in one step. @param {string} place @param {string} target */
function link(place, target) {
  if (linkOf(place) === target) return;
  mkdirSync(dirname(place), { recursive: true });
  if (linkOf(place) === null) rmSync(place, { recursive: true, force: true });
  const temporary = `${place}.${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, place);
}
