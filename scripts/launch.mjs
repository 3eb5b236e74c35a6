// Runs on any Node from 18 on. Does the set-up, builds the screens where asked, then runs a program on Node 24:
//   node scripts/launch.mjs [--build] <program> [argument ...]
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { heapArguments } from '../src-main/files/heapArguments.mjs';
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

/**
 * Runs a program to its end, and passes signals on. Ctrl-C reaches the program by itself.
 * @param {string} program @param {readonly string[]} args @returns {Promise<number>} its exit code
 */
function run(program, args) {
  const child = spawn(program, args, { stdio: 'inherit' });
  const pass = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  const ignore = () => undefined;
  process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

const args = process.argv.slice(2);
const builds = args[0] === '--build';
const steps = [
  [outerNode() ?? process.execPath, join(root, 'src-main', 'engine', 'install', 'setUp.mjs')],
  ...(builds ? [[node24, join(root, 'scripts', 'build.ts')]] : []),
  ...(args.length > (builds ? 1 : 0) ? [[node24, ...heapArguments(), ...args.slice(builds ? 1 : 0)]] : []),
];
for (const [program = '', ...rest] of steps) {
  process.exitCode = await run(program, rest);
  if (process.exitCode !== 0) break;
}
