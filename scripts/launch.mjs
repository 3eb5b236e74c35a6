// Runs on any Node from 18 on. Does the set-up, builds the screens where asked, then runs a program on Node 24:
//   node scripts/launch.mjs [--build] [--anew] [--workbench] <program> [argument ...]
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { heapArguments } from '../src-main/files/heapArguments.mjs';
import { memoryEnvironment } from '../src-main/files/memoryEnvironment.mjs';
import { absoluteFolders } from '../src-main/files/programEnvironment.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const isWindows = process.platform === 'win32';
const node24 = join(modules, 'node', 'bin', isWindows ? 'node.exe' : 'node');

/**
 * The Node that runs the set-up: not one in node_modules, which the set-up may empty. `npm run` puts that one first on
 * the PATH.
 */
function outerNode() {
  const isOutside = (/** @type {string} */ file) => !realpathSync(file).split(sep).includes('node_modules');
  return [
    process.execPath,
    ...absoluteFolders(process.env.PATH)
      .map((folder) => join(folder, isWindows ? 'node.exe' : 'node'))
      .filter((file) => existsSync(file)),
  ].find(isOutside);
}

/** Whether this process has a terminal, whose Ctrl-C reaches every program that is started from it. */
function hasTerminal() {
  try {
    if (!isWindows) closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a program to its end, and passes signals on: that of Ctrl-C only where it does not reach the program by itself.
 * @param {string} program @param {readonly string[]} args @returns {Promise<number>} its exit code
 */
function run(program, args) {
  const child = spawn(program, args, { stdio: 'inherit' });
  const pass = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  const interrupt = hasTerminal() ? () => undefined : pass;
  process.on('SIGINT', interrupt).on('SIGTERM', pass).on('SIGHUP', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', interrupt).off('SIGTERM', pass).off('SIGHUP', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

const options = ['--build', '--anew', '--workbench'];
const given = process.argv.slice(2);
const first = given.findIndex((argument) => !options.includes(argument));
const args = first < 0 ? [] : given.slice(first);
const isAsked = (/** @type {string} */ option) => given.slice(0, given.length - args.length).includes(option);

process.exitCode = await run(outerNode() ?? process.execPath, [
  join(root, 'src-main', 'engine', 'install', 'setUp.mjs'),
]);
if (isAsked('--workbench')) Object.assign(process.env, memoryEnvironment());
// Node keeps what it compiled here, so that every later start is fast. A fuzzer compiles anew: code from the cache
// counts no branches.
if (!isAsked('--anew')) process.env.NODE_COMPILE_CACHE ??= join(modules, '.cache', 'compiled');
const programs = [
  ...(isAsked('--build') ? [[join(root, 'scripts', 'build.ts')]] : []),
  ...(args.length > 0 ? [[...heapArguments(), ...args]] : []),
];
for (const program of programs) {
  if (process.exitCode !== 0) break;
  process.exitCode = await run(node24, program);
}
