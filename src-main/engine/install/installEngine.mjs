import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from './cacheFolder.mjs';
import { addon, libraries, release } from './engineRelease.mjs';
import { patchBackend } from './patchBackend.mjs';
import { requireTool, say, SetUpError } from './setUpError.mjs';

const cacheRoot = () => cacheFolder('engine');

/** Brings libtensorflow and the compiled addon into the per-user cache, whole or not at all, and links them into node_modules. @param {string} modules */
export async function installEngine(modules) {
  const tfjs = join(modules, '@tensorflow', 'tfjs-node-gpu');
  const sources = join(tfjs, 'binding');
  const key = createHash('sha256').update(release.sha256);
  for (const name of readdirSync(sources).sort()) key.update(readFileSync(join(sources, name)));
  const backend = patchBackend(readFileSync(join(sources, 'tfjs_backend.cc'), 'utf8'));
  key.update(backend);
  const engine = join(cacheRoot(), `tensorflow-${release.version}-${key.digest('hex').slice(0, 12)}`);
  if ([addon, ...libraries].some((name) => !existsSync(join(engine, name)))) await withLock(engine, () => build(engine, modules, backend));
  link(join(tfjs, 'lib', 'napi-v8'), engine);
}

/** @param {string} engine @param {string} modules @param {string} backend source of tfjs_backend.cc */
async function build(engine, modules, backend) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetUpError(1, `The engine has no pinned wheel for ${process.platform} on ${process.arch}: use Linux on x86-64.`);
  }
  requireTool('python3', ['-m', 'pip', '--version'], 'Python with pip was not found (python3 -m pip), which fetches TensorFlow: install python3 and python3-pip.');
  requireTool('g++', ['--version'], 'The C++ compiler g++ was not found, which builds the addon: install g++ (Debian: apt-get install g++).');
  const disk = statfsSync(cacheRoot());
  if (disk.bavail * disk.bsize < release.unpackedBytes) {
    throw new SetUpError(1, `The disk of ${cacheRoot()} has too little space for TensorFlow (2 GB needed): free some, or set ARCBENCH_CACHE to a folder elsewhere.`);
  }
  const work = `${engine}.building-${process.pid}`;
  for (const name of readdirSync(cacheRoot())) if (name.includes('.building-')) rmSync(join(cacheRoot(), name), { recursive: true, force: true });
  mkdirSync(work);
  try {
    say(`Fetching TensorFlow ${release.version} (274 MB) …`);
    const pip = spawnSync('python3', ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--python-version', release.python, '--platform', release.platform, '--progress-bar', process.stderr.isTTY ? 'on' : 'off', '-q', '-d', work, `${release.package}==${release.version}`], { stdio: ['ignore', 2, 2] });
    const wheel = join(work, release.file);
    if (pip.status !== 0 || !existsSync(wheel)) throw new SetUpError(1, `pip could not fetch ${release.package} ${release.version}: check the network and the messages above, then run the command again.`);
    const hash = createHash('sha256');
    await pipeline(createReadStream(wheel), hash);
    const found = hash.digest('hex');
    if (found !== release.sha256) throw new SetUpError(1, `The fetched ${release.file} has the SHA-256 ${found}, expected ${release.sha256}: it was not used; try again, or report it.`);
    say('Unpacking …');
    run('python3', ['-c', unpackProgram, wheel, work], work, 'TensorFlow could not be unpacked: check the disk space and run the command again.');
    say('Compiling the addon …');
    const tfjs = join(modules, '@tensorflow', 'tfjs-node-gpu', 'binding');
    writeFileSync(join(work, 'tfjs_backend.cc'), backend);
    run('g++', ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding', '-DBUILDING_NODE_EXTENSION',
      `-I${join(modules, 'node-api-headers', 'include')}`, `-I${join(work, 'include')}`, `-I${join(tfjs, '..')}`, `-I${tfjs}`,
      'tfjs_backend.cc', join(tfjs, 'tfjs_binding.cc'), '-o', addon, '-L.', ...libraries.map((name) => `-l:${name}`), '-Wl,-rpath,$ORIGIN'],
    work, 'The addon could not be compiled: see the messages of g++ above.');
    rmSync(wheel);
    rmSync(join(work, 'tfjs_backend.cc'));
    rmSync(join(work, 'include'), { recursive: true });
    renameSync(work, engine);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const unpackProgram = `
import sys, zipfile, shutil, os
wheel, work = sys.argv[1:]
archive = zipfile.ZipFile(wheel)
headers = ('c/', 'core/platform/')
for name in archive.namelist():
    target = None
    if name in (${libraries.map((name) => `'tensorflow/${name}'`).join(', ')}):
        target = os.path.basename(name)
    elif name.startswith('tensorflow/include/tensorflow/c/') or name.startswith('tensorflow/include/tensorflow/core/platform/') or name.startswith(('tensorflow/include/tsl/', 'tensorflow/include/xla/', 'tensorflow/include/absl/')):
        target = name[len('tensorflow/'):]
    if target and not name.endswith('/'):
        path = os.path.join(work, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(name) as source, open(path, 'wb') as out:
            shutil.copyfileobj(source, out, 1 << 20)
`;

/** @param {string} command @param {string[]} args @param {string} cwd @param {string} sentence */
function run(command, args, cwd, sentence) {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 2, 2] });
  } catch {
    throw new SetUpError(1, sentence);
  }
}

/** Lets one process at a time build; the lock of a dead process is taken over. @param {string} engine @param {() => Promise<void>} action */
async function withLock(engine, action) {
  mkdirSync(cacheRoot(), { recursive: true });
  const lock = `${engine}.lock`;
  for (let told = false; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw new SetUpError(1, `The cache folder ${cacheRoot()} cannot be written: make it writable, or set ARCBENCH_CACHE to a folder elsewhere.`);
      const owner = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : 0);
      if (owner === 0 || !isAlive(owner)) rmSync(lock, { force: true });
      else if (!told) {
        say(`Another process (${owner}) installs the engine: waiting for it …`);
        told = true;
      }
      await sleep(300);
    }
  }
  try {
    if ([addon, ...libraries].every((name) => existsSync(join(engine, name)))) return;
    rmSync(engine, { recursive: true, force: true });
    await action();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** Makes `place` a link to the engine's folder, replacing another link in one step. @param {string} place @param {string} engine */
function link(place, engine) {
  const current = lstatSync(place, { throwIfNoEntry: false });
  if (current?.isSymbolicLink() && readlinkSync(place) === engine) return;
  mkdirSync(join(place, '..'), { recursive: true });
  if (current && !current.isSymbolicLink()) rmSync(place, { recursive: true });
  const temporary = `${place}.${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(engine, temporary);
  renameSync(temporary, place);
}
