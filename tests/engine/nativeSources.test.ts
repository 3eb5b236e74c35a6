import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileArguments } from '../../src-main/engine/install/compileAddon.mjs';
import { linkedEngine, readManifest } from '../../src-main/engine/install/engineManifest.mjs';
import { releaseFor } from '../../src-main/engine/install/engineRelease.mjs';
import { findCompiler } from '../../src-main/engine/install/findTools.mjs';
import { headersIn, librariesFolder } from '../../src-main/engine/install/installLibraries.mjs';
import { kernelSources } from '../../src-main/engine/install/kernelSources.mjs';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const { sources, headers } = kernelSources({ platform: 'linux', arch: 'x64' });
const hasKernels = kernelSources(process).sources.length > 0;

/** The folder of TensorFlow's headers that the set-up has, or null. */
function tensorflowHeaders(): string | null {
  const engine = linkedEngine(join(modules, '@tensorflow', 'tfjs-node-gpu'));
  const device = engine && readManifest(engine)?.device;
  if (!engine || !device) return null;
  const folder = join(librariesFolder(dirname(engine), releaseFor(process, device)), headersIn);
  return existsSync(folder) ? folder : null;
}

/** What the compiler says of a text; nothing where it is right. */
async function messagesFor(text: string, folder: string): Promise<string> {
  const [command = '', ...args] = findCompiler();
  const child = spawn(
    command,
    [...args, ...compileArguments({ modules, headers: folder }), '-Wall', '-fsyntax-only', '-x', 'c++', '-'],
    { cwd: tmpdir(), stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stdin.end(text);
  await once(child, 'close');
  return said;
}

// The set-up compiles each source by itself before any test runs, and a source includes its own header first. What is
// left are the headers without a source.
test('each header of engine/native that no source includes first compiles by itself', async (t) => {
  const folder = tensorflowHeaders();
  if (!hasKernels) return t.skip('the kernels are for Linux on x86-64 and aarch64');
  if (folder === null)
    return t.skip(
      'the set-up left no headers of TensorFlow here: this engine is older than the folder that keeps them',
    );
  const alone = headers.filter((path) => !existsSync(path.replace(/\.h$/, '.cc')));
  assert.ok(alone.length > 0);
  const messages = await Promise.all(alone.map((path) => messagesFor(`#include "${path}"\n`, folder)));
  assert.deepEqual(
    messages,
    alone.map(() => ''),
  );
  assert.match(await messagesFor('#include "not/there.h"\n', folder), /not\/there\.h/);
});

test('each source of engine/native includes its own header first', () => {
  for (const path of sources.filter((source) => existsSync(source.replace(/\.cc$/, '.h'))))
    assert.match(
      readFileSync(path, 'utf8'),
      new RegExp(`^(//.*\\n)*#include "${basename(path, '.cc')}\\.h"\n`),
      basename(path),
    );
  for (const path of headers) assert.match(readFileSync(path, 'utf8'), /^#pragma once$/m, basename(path));
});

test('every op is registered by ops.cc', () => {
  const folder = dirname(sources[0] ?? '');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.cc')))
    assert.equal(/TF_RegisterKernelBuilder/.test(readFileSync(join(folder, name), 'utf8')), name === 'ops.cc', name);
});
