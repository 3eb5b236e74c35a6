import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { KernelMachine } from './kernelCheck.ts';

const compiler = 'aarch64-linux-gnu-g++';
const emulator = 'qemu-aarch64';
/** Where Debian keeps the libraries of aarch64. */
const libraries = '/usr/aarch64-linux-gnu';

/** The packages of Debian that bring compiler, libraries and emulator. */
export const aarch64Packages = ['g++-aarch64-linux-gnu', 'qemu-user'] as const;

const isThere = (command: string) => spawnSync(command, ['--version']).error === undefined;

/** A machine with NEON: this one or one that QEMU emulates; where there is neither, a text says what is missing. */
export function findAarch64(): KernelMachine | string {
  if (process.arch === 'arm64') return { name: 'aarch64', compiler: ['g++'], emulator: [], environment: {} };
  const missing = [compiler, emulator].filter((command) => !isThere(command));
  if (missing.length > 0 || !existsSync(libraries))
    return (
      `An emulated aarch64 needs ${missing.join(' and ') || libraries}, which was not found: install it ` +
      `(Debian: apt-get install ${aarch64Packages.join(' ')})`
    );
  return {
    name: 'aarch64, emulated by QEMU',
    compiler: [compiler],
    emulator: [emulator, '-L', libraries],
    environment: {},
  };
}
