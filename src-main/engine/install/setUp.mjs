// Runs on any Node from 18 on, before every npm script: brings packages, Node 24 and the engine, once.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installEngine } from './installEngine.mjs';
import { requireTool, SetUpError, say } from './setUpError.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.arcbench-stamp');

/** Installs npm packages where they are missing or older than the lock file, and Node 24 through the package `node`. */
function installPackages() {
  const wanted = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  const node = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node)) return;
  requireTool('npm', ['--version'], 'npm was not found: install Node.js 18 or newer with npm.');
  say('Installing npm packages …');
  // Scripts are run by hand below, so that any version of npm does the same.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], root, 'npm could not install the packages: check the network and the messages above, then run the command again.');
  say('Installing Node 24 …');
  run(process.execPath, ['installArchSpecificPackage.js'], join(modules, 'node'), 'npm could not install Node 24 (package `node`): check the network and run the command again.');
  if (!existsSync(node)) symlinkSync(join('..', 'node', 'bin', 'node'), node); // npm makes no link to a program that is not there yet
  writeFileSync(stamp, wanted);
}

/** @param {string} command @param {string[]} args @param {string} cwd @param {string} sentence */
function run(command, args, cwd, sentence) {
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], shell: process.platform === 'win32', env: withoutNpmConfiguration() });
  if (result.status !== 0) throw new SetUpError(1, sentence);
}

/** The environment without what the calling npm put there: an inner npm must not take it for its own. */
function withoutNpmConfiguration() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(config_(global|ignore_scripts|local_prefix|prefix)|lifecycle|package|command|execpath)/i.test(name)));
}

try {
  installPackages();
  await installEngine(modules);
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode);
}
