import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../native', import.meta.url));

/**
 * ArcBench's own TensorFlow ops (engine/native): the files to compile and the headers that they include, sorted. The
 * kernels are for Linux on x86-64 and aarch64; elsewhere there are none, and the engine takes TensorFlow's own ops.
 * @param {{ platform: string, arch: string }} machine
 */
export function kernelSources({ platform, arch }) {
  const filesOf = (/** @type {string} */ ending) =>
    platform === 'linux' && ['x64', 'arm64'].includes(arch)
      ? readdirSync(folder)
          .filter((name) => name.endsWith(ending))
          .sort()
          .map((name) => join(folder, name))
      : [];
  return { sources: filesOf('.cc'), headers: filesOf('.h') };
}
