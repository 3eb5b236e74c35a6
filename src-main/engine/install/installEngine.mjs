import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAddon, compileFlags, tryAddon } from './compileAddon.mjs';
import { engineCache, makeEngineCache } from './engineCache.mjs';
import { askedDevice, hasNvidiaCard } from './engineDevice.mjs';
import { addonPlace, engineFault, writeManifest } from './engineManifest.mjs';
import { releaseFor } from './engineRelease.mjs';
import { fetchWheel } from './fetchWheel.mjs';
import { findCompiler, findPython } from './findTools.mjs';
import { patchBackend } from './patchBackend.mjs';
import { runTool } from './runTool.mjs';
import { say, SetUpError } from './setUpError.mjs';
import { withLock } from './withLock.mjs';

/** @typedef {import('./engineRelease.mjs').Release} Release */

const unpackProgram = fileURLToPath(new URL('unpackWheel.py', import.meta.url));

/**
 * Brings libtensorflow and the compiled addon into the per-user cache, whole or not at all, and links them into
 * node_modules.
 * Does nothing where all is there. ARCBENCH_ENGINE and the machine choose between CPU and CUDA. Throws SetUpError.
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
          'The installation of the engine was interrupted and left nothing behind: run the command again.',
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
  // CUDA's engine runs without a card too: machines of one home, with and without one, must not take it from one
  // another.
  return hasNvidiaCard() || isReady(cuda) ? cuda : releaseFor(process, 'cpu');
}

/**
 * What distinguishes engines of one version: wheels, sources and how they are built. @param {Release} release @param
 * {string} tfjs @param {string} backend
 */
function keyOf({ wheels }, tfjs, backend) {
  const key = createHash('sha256')
    .update(JSON.stringify([wheels.map(({ sha256 }) => sha256), compileFlags]))
    .update(readFileSync(unpackProgram))
    .update(backend);
  for (const name of readdirSync(join(tfjs, 'binding')).sort()) key.update(readFileSync(join(tfjs, 'binding', name)));
  return key.digest('hex').slice(0, 12);
}

/**
 * @param {{ engine: string, release: Release, python: import('./findTools.mjs').Python, modules: string, backend:
 * string, signal: AbortSignal }} what
 */
async function build({ engine, release, python, modules, backend, signal }) {
  const compiler = findCompiler();
  requireSpace(dirname(engine), release);
  if (existsSync(engine)) say(`The engine in ${engine} is damaged (${engineFault(engine)}): installing it again.`);
  const work = mkdtempSync(join(dirname(engine), 'building-'));
  const damaged = `${work}-damaged`;
  try {
    const pip = python.hasPip ? python.command : await makePip(python.command, work, signal);
    for (const wheel of release.wheels) {
      const path = await fetchWheel({ python: pip, wheel, folder: work, signal });
      const unpacked = await runTool([python.command, unpackProgram, path, work], work, signal);
      if (!unpacked.succeeded)
        throw new SetUpError(
          1,
          `${wheel.file} could not be unpacked (${unpacked.output.split('\n').at(-1) || unpacked.end}): run ` +
            'the command again.',
        );
      rmSync(path);
    }
    const folder = join(work, 'tensorflow');
    const missing = [...release.libraries, 'include'].find((name) => !existsSync(join(folder, name)));
    if (missing)
      throw new SetUpError(
        1,
        `${release.wheels[0]?.file} has no tensorflow/${missing}: this version of ArcBench cannot use it.`,
      );
    say('Compiling the addon …');
    await compileAddon({ compiler, modules, folder, libraries: release.libraries, backend, signal });
    await tryAddon(folder, signal);
    for (const done of ['fetching', 'pip', join('tensorflow', 'include')])
      rmSync(join(work, done), { recursive: true, force: true });
    await writeManifest(work, { version: release.version, device: release.device, files: filesIn(work) });
    chmodSync(work, 0o777 & ~process.umask()); // mkdtemp makes it private, and a laboratory may share its cache
    signal.throwIfAborted();
    if (existsSync(engine)) renameSync(engine, damaged);
    renameSync(work, engine);
  } catch (error) {
    throw isDiskFull(error, dirname(engine)) ? diskFull(dirname(engine)) : error;
  } finally {
    remove(work);
    remove(damaged);
  }
}

/**
 * A pip in a virtual environment of its own, for a Python that came without. @param {string} python @param {string}
 * work @param {AbortSignal} signal
 */
async function makePip(python, work, signal) {
  const { succeeded, output, end } = await runTool([python, '-m', 'venv', join(work, 'pip')], work, signal);
  if (!succeeded)
    throw new SetUpError(
      2,
      `${python} has no pip and could not make one (${output.split('\n').at(-1) || end}): install pip ` +
        '(Debian: apt-get install python3-pip).',
    );
  return join(work, 'pip', 'bin', 'python');
}

/** @param {string} cache @param {Release} release */
function requireSpace(cache, { device, wheels, unpackedBytes }) {
  const needed = unpackedBytes + 2 * Math.max(...wheels.map(({ bytes }) => bytes)); // pip holds a wheel twice
  const { bavail, bsize } = statfsSync(cache);
  if (bavail * bsize < needed)
    throw diskFull(
      cache,
      `: ${(needed / 1e9).toFixed(1)} GB are needed, ${((bavail * bsize) / 1e9).toFixed(1)} GB are ` +
        `free${device === 'cuda' ? ' (ARCBENCH_ENGINE=cpu needs less)' : ''}`,
    );
}

/** @param {string} cache @param {string} [figures] */
const diskFull = (cache, figures = '') =>
  new SetUpError(
    1,
    `The disk of ${cache} has too little space for the engine${figures}; nothing was left behind: free some, ` +
      'or set ARCBENCH_CACHE to a folder elsewhere.',
  );

/** A linker may die of a full disk without saying so. @param {unknown} error @param {string} cache */
function isDiskFull(error, cache) {
  if (/No space left|ENOSPC|EDQUOT|quota exceeded/i.test(String(error))) return true;
  const { bavail, bsize } = statfsSync(cache);
  return bavail * bsize < 100_000;
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
 * Removes what interrupted installations left; only the holder of the lock may. @param {string} cache @param {string}
 * tfjs
 */
function sweep(cache, tfjs) {
  for (const name of readdirSync(cache)) if (name.startsWith('building-')) remove(join(cache, name));
  const links = dirname(addonPlace(tfjs));
  for (const name of existsSync(links) ? readdirSync(links) : [])
    if (name.startsWith(`${basename(addonPlace(tfjs))}.`)) remove(join(links, name));
}

/**
 * Removes a folder, unless a tool of a dead installation still writes there: the next one sweeps it. @param {string}
 * folder
 */
function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    /* said above */
  }
}

/** @param {string} folder @param {string} [within] @returns {string[]} */
const filesIn = (folder, within = '') =>
  readdirSync(join(folder, within), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesIn(folder, join(within, entry.name)) : [join(within, entry.name)]))
    .sort();

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
