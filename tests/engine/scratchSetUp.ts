import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync, type Zippable } from 'fflate';
import { childEnd } from '../childEnd.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const modulesOfRoot = join(root, 'node_modules');
const findPython = () =>
  execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

export interface SetUpEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}
interface Wheel {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}
interface Pins {
  readonly version: string;
  readonly device: string;
  readonly libraries: readonly string[];
  readonly unpackedBytes: number;
  readonly wheels: readonly Wheel[];
}

/** Real libraries that find one another by the same search paths as TensorFlow's and NVIDIA's. */
function makeLibraries() {
  const build = mkdtempSync(join(tmpdir(), 'arcbench-libraries-'));
  const library = (name: string, source: string, flags: readonly string[]) => {
    writeFileSync(join(build, `${name}.cc`), source);
    execFileSync('g++', ['-shared', '-fPIC', `-Wl,-soname,${name}`, `${name}.cc`, '-o', name, ...flags], {
      cwd: build,
    });
    return readFileSync(join(build, name));
  };
  const framework = library(
    'libtensorflow_framework.so.2',
    `
    #include <dlfcn.h>
    extern "C" const char *framework_card() {
      void *runtime = dlopen("libcudart.so.12", RTLD_LAZY);
      return runtime ? ((const char *(*)()) dlsym(runtime, "runtime_word"))() : "none";
    }`,
    ['-Wl,-rpath,$ORIGIN/../nvidia/cuda_runtime/lib', '-ldl'],
  );
  const tensorflow = library('libtensorflow_cc.so.2', 'extern "C" const char *TF_Version() { return "scratch"; }', [
    '-Wl,-rpath,$ORIGIN',
    './libtensorflow_framework.so.2',
  ]);
  const runtime = library('libcudart.so.12', 'extern "C" const char *runtime_word() { return "a card"; }', []);
  rmSync(build, { recursive: true });
  return { framework, tensorflow, runtime };
}
let compiled: ReturnType<typeof makeLibraries> | undefined;
/** Compiled at the first use: a machine without a compiler can import this file. */
const libraries = () => (compiled ??= makeLibraries());

/** Small wheels in the layout of TensorFlow's and NVIDIA's. */
function makeWheels(
  folder: string,
  payload: Uint8Array,
): { readonly cpu: Wheel; readonly cuda: Wheel[]; readonly unpackedBytes: number } {
  const header = Buffer.from('extern "C" const char *TF_Version();\nextern "C" const char *framework_card();\n');
  const files: Zippable = {
    // what follows a library's sections is not read
    'tensorflow/libtensorflow_cc.so.2': Buffer.concat([libraries().tensorflow, payload]),
    'tensorflow/libtensorflow_framework.so.2': libraries().framework,
    'tensorflow/include/tensorflow/c/c_api.h': header,
    'tensorflow/python/not_needed.py': Buffer.from('pass\n'),
  };
  const wheel = (file: string, content: Zippable): Wheel => {
    const [name = '', version] = file.split('-');
    const metadata = {
      METADATA: `Metadata-Version: 2.1\nName: ${name.replaceAll('_', '-')}\nVersion: ${version}\n`,
      WHEEL: 'Wheel-Version: 1.0\nRoot-Is-Purelib: false\n',
      RECORD: '',
    };
    const bytes = zipSync(
      {
        ...content,
        ...Object.fromEntries(
          Object.entries(metadata).map(([key, text]) => [`${name}-${version}.dist-info/${key}`, Buffer.from(text)]),
        ),
      },
      { level: 1, mtime: '2026-01-01' },
    );
    writeFileSync(join(folder, file), bytes);
    return { file, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  };
  return {
    unpackedBytes: libraries().tensorflow.length + payload.length + libraries().framework.length + header.length,
    cpu: wheel('tensorflow_cpu-0.0.1-cp311-cp311-manylinux_2_27_x86_64.whl', files),
    cuda: [
      wheel('tensorflow-0.0.1-cp311-cp311-manylinux_2_27_x86_64.whl', files),
      wheel('nvidia_cuda_runtime_cu12-0.0.1-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl', {
        'nvidia/cuda_runtime/lib/libcudart.so.12': libraries().runtime,
        'nvidia/cuda_runtime/include/cuda.h': Buffer.from(''),
      }),
      wheel('nvidia_cuda_nvcc_cu12-0.0.1-py3-none-manylinux1_x86_64.whl', {
        'nvidia/cuda_nvcc/bin/ptxas': [Buffer.from('#!/bin/sh\n'), { os: 3, attrs: 0o100755 << 16 }],
      }),
    ],
  };
}

/** A small addon that loads as tfjs's does; the part of tfjs's source that set-up patches lies in it unused. */
function writeAddonSources(folder: string): void {
  const original = readFileSync(join(modulesOfRoot, '@tensorflow/tfjs-node-gpu/binding/tfjs_backend.cc'), 'utf8');
  const part = /  \/\/ Sharing V8 memory[^]*?auto_ref\)\);\n/.exec(original)?.[0];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tfjs_backend.cc'), `#if 0\n${part}#endif\n`);
  writeFileSync(
    join(folder, 'tfjs_binding.cc'),
    `
    #include <node_api.h>
    #include "tensorflow/c/c_api.h"
    volatile char ballast[100000] = {1};
    static void Set(napi_env env, napi_value exports, const char *name, const char *text) {
      napi_value value;
      napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
      napi_set_named_property(env, exports, name, value);
    }
    static napi_value Init(napi_env env, napi_value exports) {
      Set(env, exports, "version", TF_Version());
      Set(env, exports, "card", framework_card());
      return exports;
    }
    NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)\n`,
  );
}

/**
 * A checkout of its own with the real set-up, packages said to be there, pins of small wheels, a cache and a pip
 * without network.
 */
export function makeScratch({ payload = randomBytes(4_000_000) as Uint8Array } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-set-up-'));
  const at = (...names: string[]) => join(folder, ...names);
  const tfjs = at('node_modules/@tensorflow/tfjs-node-gpu');
  cpSync(join(root, 'src-main/engine/install'), at('src-main/engine/install'), { recursive: true });
  for (const file of ['programEnvironment.mjs', 'memoryEnvironment.mjs'])
    cpSync(join(root, 'src-main/files', file), at('src-main/files', file));
  // Our own ops need TensorFlow's headers, which these small wheels do not have.
  mkdirSync(at('src-main/engine/native'), { recursive: true });
  for (const name of readdirSync(join(root, 'src-main/engine/native')))
    writeFileSync(at('src-main/engine/native', name), '');
  for (const name of ['node_modules/.bin', 'wheels', 'bin', 'cache']) mkdirSync(at(name), { recursive: true });
  writeAddonSources(join(tfjs, 'binding'));
  cpSync(join(modulesOfRoot, 'node-api-headers/include'), at('node_modules/node-api-headers/include'), {
    recursive: true,
  });
  writeFileSync(at('package-lock.json'), '{}');
  writeFileSync(at('node_modules/.arcbench-stamp'), createHash('sha256').update('{}').digest('hex'));
  symlinkSync(process.execPath, at('node_modules/.bin/node'));
  const python = findPython();
  for (const name of ['python3', 'python']) symlinkSync(python, at('bin', name));
  const wheels = makeWheels(at('wheels'), payload);
  const common = {
    version: '0.0.1',
    libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    unpackedBytes: 1000,
  };
  const pins: Record<string, Pins> = {
    [`${process.platform}-${process.arch}-cpu`]: { ...common, device: 'cpu', wheels: [wheels.cpu] },
    [`${process.platform}-${process.arch}-cuda`]: { ...common, device: 'cuda', wheels: wheels.cuda },
  };
  const setPins = (change: (of: Pins) => Pins) =>
    writeFileSync(
      at('src-main/engine/install/enginePins.json'),
      JSON.stringify(Object.fromEntries(Object.entries(pins).map(([key, of]) => [key, change(of)]))),
    );
  setPins((of) => of);
  const { PIP_INDEX_URL: _index, PIP_EXTRA_INDEX_URL: _more, ...inherited } = process.env;
  const environment: NodeJS.ProcessEnv = {
    ...inherited,
    PATH: `${at('bin')}:${process.env['PATH']}`,
    ARCBENCH_CACHE: at('cache'),
    ARCBENCH_ENGINE: 'cpu',
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: at('wheels'),
    PIP_NO_CACHE_DIR: '1',
    PIP_RETRIES: '0',
  };
  const start = (
    changes: NodeJS.ProcessEnv = {},
    options: { readonly detached?: boolean; readonly uid?: number } = {},
  ) => {
    const env = Object.fromEntries(
      Object.entries({ ...environment, ...changes }).filter(([, value]) => value !== undefined),
    );
    return spawn(process.execPath, [at('src-main/engine/install/setUp.mjs')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
  };
  /** All that set-up made or began in the cache. */
  const made = () =>
    existsSync(at('cache/engine'))
      ? readdirSync(at('cache/engine'))
          .filter((name) => !name.endsWith('.lock'))
          .sort()
      : [];
  return {
    folder,
    at,
    tfjs,
    pins,
    setPins,
    start,
    made,
    /** Engines, and what is half-made. */
    engines: () => made().filter((name) => !name.startsWith('libraries-')),
    cpuWheel: at('wheels', wheels.cpu.file),
    unpackedBytes: wheels.unpackedBytes,
    setUp: (changes?: NodeJS.ProcessEnv, options?: { readonly uid?: number }) => endOf(start(changes, options)),
    /** The engine's folder that node_modules is linked to. */
    linked: () => dirname(readlinkSync(join(tfjs, 'lib/napi-v8'))),
    /** What the addon says of itself, loaded as tfjs loads it. */
    load: () =>
      JSON.parse(
        execFileSync(
          process.execPath,
          ['-p', `JSON.stringify(require(${JSON.stringify(join(tfjs, 'lib/napi-v8/tfjs_binding.node'))}))`],
          { encoding: 'utf8' },
        ),
      ) as { readonly version: string; readonly card: string },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
export type Scratch = ReturnType<typeof makeScratch>;

export async function endOf(child: ChildProcess): Promise<SetUpEnd> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const { code, signal } = await childEnd(child, { what: 'a set-up', seen: () => output });
  return { code, signal, output };
}

/** Resolves when a set-up has said something. */
export function saying(child: ChildProcess, words: RegExp): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (words.test(output)) resolve();
    });
    child.on('close', () => reject(new Error(`ended before it said ${words}: ${output}`)));
  });
}
