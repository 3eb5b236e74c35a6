import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../native', import.meta.url));

/**
 * ArcBench's own TensorFlow ops (engine/native): the files to compile and the headers that they include, sorted. The
 * kernels are for x86-64; on other processors there are none, and the engine takes TensorFlow's own ops.
 * @param {string} arch
 */
export function kernelSources(arch) {
  const filesOf = (/** @type {string} */ ending) =>
    arch === 'x64'
      ? readdirSync(folder)
          .filter((name) => name.endsWith(ending))
          .sort()
          .map((name) => join(folder, name))
      : [];
  return { sources: filesOf('.cc'), headers: filesOf('.h') };
}
