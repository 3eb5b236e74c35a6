// Runs on any Node from 18 on, before every npm script: brings packages, Node 24 and the engine, once.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closedEnvironment } from '../../files/programEnvironment.mjs';
import { makeEngineCache } from './engineCache.mjs';
import { findPython } from './findTools.mjs';
import { installEngine } from './installEngine.mjs';
import { SetUpError, say } from './setUpError.mjs';
import { withLock } from './withLock.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.arcbench-stamp');
const node = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

const sha256 = (/** @type {string | Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex');
const wanted = () => sha256(readFileSync(join(root, 'package-lock.json')));
const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted() && existsSync(node);

const stopper = new AbortController();
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => stopper.abort());

/** Installs npm packages, and Node 24 through the package `node`. */
async function installPackages() {
  say('Installing npm packages …');
  // Scripts are run below, one by one: versions of npm differ in which they run.
  await run(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    root,
    'npm could not install the packages: check the network and the messages above, then run the command again.',
  );
  say('Installing Node 24 …');
  await run(
    process.execPath,
    ['installArchSpecificPackage.js'],
    join(modules, 'node'),
    'npm could not install Node 24 (package `node`): check the network and run the command again.',
  );
  // npm makes no link to a program that is not there yet
  if (!existsSync(node)) symlinkSync(join('..', 'node', 'bin', 'node'), node);
  writeFileSync(stamp, wanted());
}

/**
 * @param {string} command @param {string[]} args @param {string} cwd @param {string} sentence @returns {Promise<void>}
 */
function run(command, args, cwd, sentence) {
  const child = spawn(command, args, {
    cwd,
    signal: stopper.signal,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    env: withoutOuterNpm(),
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject('code' in error && error.code === 'ENOENT' ? notFound(command, cwd) : error));
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(stopper.signal.aborted ? stopper.signal.reason : new SetUpError(1, sentence)),
    );
  });
}

/** What a start that found nothing could not find: the folder, npm or another program. */
function notFound(/** @type {string} */ command, /** @type {string} */ cwd) {
  if (!existsSync(cwd)) return new SetUpError(1, `The folder ${cwd} was not found: run the command again.`);
  if (command === 'npm') return new SetUpError(2, 'npm was not found: install Node.js 18 or newer with npm.');
  return new SetUpError(
    2,
    `The Node that runs the set-up is no longer there (${command}): install Node.js 18 or newer outside of ` +
      'node_modules, and run the command again.',
  );
}

/**
 * The environment for npm, without what the calling npm put there: an inner npm must not take it for its own, nor run
 * on the Node in node_modules, which it is about to remove.
 */
function withoutOuterNpm() {
  const isOuterNpms = (/** @type {string} */ name) =>
    /^npm_(config_(global|ignore_scripts|local_prefix|prefix)|lifecycle|package|command|execpath)/i.test(name);
  const { PATH, ...others } = closedEnvironment();
  const outside = (PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules));
  return {
    ...Object.fromEntries(Object.entries(others).filter(([name]) => !isOuterNpms(name))),
    PATH: outside.join(delimiter) || '/usr/bin:/bin',
  };
}

/** @param {unknown} error @returns {SetUpError} */
function sentenceFor(error) {
  if (error instanceof SetUpError) return error;
  if (stopper.signal.aborted) return new SetUpError(130, 'The set-up was interrupted: run the command again.');
  return new SetUpError(
    1,
    `The set-up failed (${error instanceof Error ? error.message : error}): run the command again; ` +
      'ARCBENCH_DEBUG=1 shows where.',
  );
}

try {
  if (!isInstalled()) {
    // Outside of node_modules, which `npm ci` empties; one lock a checkout.
    const lock = join(makeEngineCache(), `packages-${sha256(root).slice(0, 12)}.lock`);
    await withLock({ lock, python: findPython().command, signal: stopper.signal }, async () => {
      if (!isInstalled()) await installPackages();
    });
  }
  await installEngine(modules, stopper.signal);
} catch (error) {
  const { message, exitCode } = sentenceFor(error);
  process.stderr.write(`${message}\n`);
  if (process.env['ARCBENCH_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = exitCode;
}
