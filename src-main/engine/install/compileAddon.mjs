import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './runTool.mjs';
import { SetUpError } from './setUpError.mjs';

export const addon = 'tfjs_binding.node';
const flags = [
  '-std=c++17',
  '-O2',
  '-fPIC',
  '-shared',
  '-DNAPI_VERSION=8',
  '-DNODE_GYP_MODULE_NAME=tfjs_binding',
  '-DBUILDING_NODE_EXTENSION',
];
const linkFlags =
  process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path'] : ['-Wl,-rpath,$ORIGIN'];
/** What the addon's bytes depend on beside sources and wheels. */
export const compileFlags = [...flags, ...linkFlags];

/**
 * Compiles the addon beside the libraries in `folder`, which holds their headers in `include`. @param {{ compiler:
 * string[], modules: string, folder: string, libraries: string[], backend: string, signal: AbortSignal }} what
 */
export async function compileAddon({ compiler, modules, folder, libraries, backend, signal }) {
  const sources = join(modules, '@tensorflow', 'tfjs-node-gpu', 'binding');
  writeFileSync(join(folder, 'include', 'tfjs_backend.cc'), backend);
  const includes = [join(modules, 'node-api-headers', 'include'), 'include', join(sources, '..'), sources];
  const { succeeded, output, end } = await runTool(
    [
      ...compiler,
      ...flags,
      ...includes.map((path) => `-I${path}`),
      join('include', 'tfjs_backend.cc'),
      join(sources, 'tfjs_binding.cc'),
      '-o',
      addon,
      ...libraries.map((name) => `./${name}`),
      ...linkFlags,
    ],
    folder,
    signal,
  );
  if (succeeded) return;
  const reason = output.split('\n').find((line) => /error|cannot|undefined|No space/i.test(line)) ?? end;
  throw new SetUpError(
    1,
    `The addon could not be compiled by ${compiler.join(' ')} (${reason.trim()}): it needs a compiler of ` +
      'C++17 with its standard library.',
  );
}

/**
 * Loads the addon in a process of its own, as the app will; throws where this machine cannot. @param {string} folder
 * @param {AbortSignal} signal
 */
export async function tryAddon(folder, signal) {
  const { succeeded, output, end } = await runTool(
    [process.execPath, '-e', `process.dlopen({ exports: {} }, ${JSON.stringify(join(folder, addon))})`],
    folder,
    signal,
  );
  if (succeeded) return;
  const reason =
    output
      .split('\n')
      .find((line) => /^\w*Error: /.test(line))
      ?.replace(/^\w*Error: /, '') ?? end;
  throw new SetUpError(
    1,
    `The engine was built but does not load on this machine (${reason}): TensorFlow needs glibc 2.27 or ` +
      'newer and a processor with AVX.',
  );
}
