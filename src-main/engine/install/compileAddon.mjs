import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { kernelSources } from './kernelSources.mjs';
import { runTool } from './runTool.mjs';
import { SetUpError } from './setUpError.mjs';

export const addon = 'tfjs_binding.node';
const compileFlags = [
  '-std=c++17',
  '-O2',
  '-fPIC',
  '-DNAPI_VERSION=8',
  '-DNODE_GYP_MODULE_NAME=tfjs_binding',
  '-DBUILDING_NODE_EXTENSION',
];
const linkFlags = [
  '-shared',
  ...(process.platform === 'darwin'
    ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path']
    : ['-Wl,-rpath,$ORIGIN']),
];
/** What the addon's bytes depend on beside sources and wheels. */
export const addonFlags = [...compileFlags, ...linkFlags];

/** @param {string} modules */
const bindingFolder = (modules) => join(modules, '@tensorflow', 'tfjs-node-gpu', 'binding');

/**
 * The flags that a file of the addon is compiled with: tfjs's own or one of engine/native.
 * @param {{ modules: string, headers: string }} where `headers` is the folder of TensorFlow's headers
 */
export const compileArguments = ({ modules, headers }) => [
  ...compileFlags,
  ...[
    join(modules, 'node-api-headers', 'include'),
    headers,
    join(bindingFolder(modules), '..'),
    bindingFolder(modules),
  ].map((path) => `-I${path}`),
];

/**
 * Compiles the addon into `folder`, beside the libraries there. The compiler reads the files of engine/native where
 * they lie, so its messages name them.
 * @param {{ compiler: string[], modules: string, headers: string, folder: string, libraries: string[], backend: string,
 * signal: AbortSignal }} what
 */
export async function compileAddon({ compiler, modules, headers, folder, libraries, backend, signal }) {
  const objects = join(folder, 'objects');
  mkdirSync(objects);
  const patched = join(objects, 'tfjs_backend.cc');
  writeFileSync(patched, backend);
  const sources = [patched, join(bindingFolder(modules), 'tfjs_binding.cc'), ...kernelSources(process).sources];
  const object = (/** @type {string} */ source) => join(objects, `${basename(source, '.cc')}.o`);
  const build = async (/** @type {string[]} */ args) => {
    const { succeeded, output, end } = await runTool([...compiler, ...args], folder, signal);
    if (!succeeded) throw notCompiled({ compiler, output, end });
  };
  // As many at once as there are processors.
  const waiting = [...sources];
  const compileWaiting = async () => {
    for (let source = waiting.shift(); source !== undefined; source = waiting.shift())
      await build([...compileArguments({ modules, headers }), '-c', source, '-o', object(source)]);
  };
  const ends = await Promise.allSettled(
    Array.from({ length: availableParallelism() }, () =>
      compileWaiting().catch((error) => {
        waiting.length = 0;
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  await build([...sources.map(object), '-o', addon, ...libraries.map((name) => `./${name}`), ...linkFlags]);
  rmSync(objects, { recursive: true });
}

/** @param {{ compiler: string[], output: string, end: string }} of */
function notCompiled({ compiler, output, end }) {
  const reason = output.split('\n').find((line) => /error|cannot|undefined|No space/i.test(line)) ?? end;
  return new SetUpError(
    1,
    `The addon could not be compiled by ${compiler.join(' ')} (${reason.trim()}): it needs a compiler of ` +
      'C++17 with its standard library.',
  );
}

/**
 * Loads the addon in a process of its own, as the app will; throws where this machine cannot.
 * @param {string} folder
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
