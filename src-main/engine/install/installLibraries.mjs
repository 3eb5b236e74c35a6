import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtWhole, diskFull } from './builtWhole.mjs';
import { engineFaultByHash, filesIn, writeManifest } from './engineManifest.mjs';
import { fetchWheel } from './fetchWheel.mjs';
import { runTool } from './runTool.mjs';
import { say, SetUpError } from './setUpError.mjs';

/** @typedef {import('./engineRelease.mjs').Release} Release */

const unpackProgram = fileURLToPath(new URL('unpackWheel.py', import.meta.url));

/** Where TensorFlow's headers lie in a folder of libraries; compiling the addon needs them, running it does not. */
export const headersIn = join('tensorflow', 'include');

/**
 * The folder of the cache with a release's libraries and headers. Its name depends on the wheels and on how they are
 * unpacked, and not on our kernels: a changed kernel is compiled again, and nothing is fetched.
 * @param {string} cache @param {Release} release
 */
export function librariesFolder(cache, { version, device, wheels }) {
  const key = createHash('sha256')
    .update(JSON.stringify(wheels.map(({ sha256 }) => sha256)))
    .update(readFileSync(unpackProgram));
  return join(cache, `libraries-${version}-${device}-${key.digest('hex').slice(0, 12)}`);
}

/**
 * Brings a release's libraries and headers into the cache, whole or not at all, and returns their folder. Those that
 * are there are used after a look at each file's SHA-256.
 * @param {{ cache: string, release: Release, python: import('./findTools.mjs').Python, signal: AbortSignal }} what
 */
export async function installLibraries({ cache, release, python, signal }) {
  const target = librariesFolder(cache, release);
  if (existsSync(target)) {
    const fault = await engineFaultByHash(target);
    if (fault === null) return target;
    say(`TensorFlow's libraries in ${target} are damaged (${fault}): fetching them again.`);
  }
  requireSpace(cache, release);
  await builtWhole({ target, signal }, async (work) => {
    const pip = python.hasPip ? python.command : await makePip(python.command, work, signal);
    for (const wheel of release.wheels) {
      const path = await fetchWheel({ python: pip, wheel, folder: work, signal });
      await unpack({ python: python.command, path, work, signal });
      rmSync(path);
    }
    const missing = [...release.libraries, 'include'].find((name) => !existsSync(join(work, 'tensorflow', name)));
    if (missing)
      throw new SetUpError(
        1,
        `${release.wheels[0]?.file} has no tensorflow/${missing}: this version of ArcBench cannot use it.`,
      );
    for (const done of ['fetching', 'pip']) rmSync(join(work, done), { recursive: true, force: true });
    await writeManifest(work, { version: release.version, device: release.device, files: filesIn(work) });
  });
  return target;
}

/** @param {{ python: string, path: string, work: string, signal: AbortSignal }} what */
async function unpack({ python, path, work, signal }) {
  const { succeeded, output, end } = await runTool([python, '-I', unpackProgram, path, work], work, signal);
  if (!succeeded)
    throw new SetUpError(
      1,
      `${path.slice(dirname(path).length + 1)} could not be unpacked (${output.split('\n').at(-1) || end}): run the ` +
        'command again.',
    );
}

/**
 * A pip in a virtual environment of its own, for a Python that came without.
 * @param {string} python @param {string} work @param {AbortSignal} signal
 */
async function makePip(python, work, signal) {
  const { succeeded, output, end } = await runTool([python, '-I', '-m', 'venv', join(work, 'pip')], work, signal);
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
