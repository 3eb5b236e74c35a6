import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { engineRemedy } from '../../src-main/engine/engineRemedy.ts';
import { isPackaged } from '../../src-main/engine/isPackaged.ts';
import { afterPack } from '../../src-main/engine/install/afterPack.mjs';
import {
  addonPlace,
  engineFaultByHash,
  linkedEngine,
  readManifest,
  writeManifest,
} from '../../src-main/engine/install/engineManifest.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-packaged-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * An engine of two small files, linked to a package tfjs-node-gpu as set-up does, and an app that electron-builder has
 * copied it into.
 */
async function packed(name: string, device: 'cpu' | 'cuda' = 'cpu') {
  const at = join(folder, name);
  const engine = join(at, 'engine');
  const tfjs = join(at, 'tfjs');
  const resources = join(at, 'app', 'resources');
  const copied = join(resources, 'app.asar.unpacked', 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  mkdirSync(join(engine, 'tensorflow'), { recursive: true });
  mkdirSync(join(tfjs, 'lib'), { recursive: true });
  for (const file of ['libtensorflow_cc.so.2', 'tfjs_binding.node'])
    writeFileSync(join(engine, 'tensorflow', file), file);
  await writeManifest(engine, {
    version: '2.21.0',
    device,
    files: readdirSync(join(engine, 'tensorflow')).map((file) => join('tensorflow', file)),
  });
  symlinkSync(join(engine, 'tensorflow'), addonPlace(tfjs));
  cpSync(join(engine, 'tensorflow'), addonPlace(copied), { recursive: true });
  const seal = (platform: string = process.platform) =>
    afterPack(
      {
        appOutDir: join(at, 'app'),
        electronPlatformName: platform,
        arch: { x64: 1, arm64: 3 }[process.arch as 'x64' | 'arm64'],
        packager: { getResourcesDir: (out) => join(out, 'resources') },
      },
      tfjs,
    );
  return { engine, copied, lib: join(copied, 'lib'), seal };
}

const options = { skip: process.platform === 'darwin' && 'macOS checks a signature instead' };

test('the engine in a package has a manifest of its own, which finds damage', options, async () => {
  const { copied, lib, seal } = await packed('whole');
  await seal();
  assert.equal(linkedEngine(copied), lib);
  assert.deepEqual(
    [readManifest(lib)?.version, readManifest(lib)?.device, Object.keys(readManifest(lib)?.files ?? {})],
    ['2.21.0', 'cpu', [join('napi-v8', 'libtensorflow_cc.so.2'), join('napi-v8', 'tfjs_binding.node')]],
  );
  assert.equal(await engineFaultByHash(lib), null);
  writeFileSync(join(addonPlace(copied), 'tfjs_binding.node'), 'tfjs-binding.node');
  assert.match((await engineFaultByHash(lib)) ?? '', /tfjs_binding\.node has other bytes/);
});

test("a package needs the CPU's engine, for this system, copied whole", async () => {
  await assert.rejects((await packed('cuda', 'cuda')).seal(), {
    exitCode: 2,
    message: /NVIDIA's libraries may not be passed on.*ARCBENCH_ENGINE=cpu npm run package/,
  });
  await assert.rejects((await packed('other')).seal('win32'), {
    exitCode: 2,
    message: /A package for win32-.* was asked for on/,
  });
  const short = await packed('short');
  writeFileSync(join(addonPlace(short.copied), 'libtensorflow_cc.so.2'), 'short');
  await assert.rejects(short.seal(), {
    exitCode: 1,
    message: /libtensorflow_cc\.so\.2 was not copied into the package/,
  });
  const bare = await packed('bare');
  rmSync(join(bare.engine, 'manifest.json'));
  await assert.rejects(bare.seal(), { exitCode: 1, message: /no manifest/ });
});

test('a packaged app names no set-up, which it does not have', options, async () => {
  assert.ok(!isPackaged());
  assert.match(engineRemedy(), /npm run setup/);
  // The engine's sources where the packaged app has them, beside a package that lost its library.
  const { copied, seal } = await packed('damaged');
  const app = join(copied, '..', '..', '..');
  for (const name of ['src-main', 'src-shared']) cpSync(join(root, name), join(app, name), { recursive: true });
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(copied, 'package.json'), '{ "name": "@tensorflow/tfjs-node-gpu" }');
  await seal();
  rmSync(join(addonPlace(copied), 'libtensorflow_cc.so.2'));
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { diagnose } = await import(${JSON.stringify(join(app, 'src-main', 'engine', 'diagnose.ts'))}); ` +
        `await diagnose('auto').catch((error) => { console.error(error.message); process.exit(3); });`,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(status, 3, stderr);
  assert.match(
    stderr,
    /libtensorflow_cc\.so\.2 is missing\): install ArcBench again, which brings its engine with it\.\n$/,
  );
});
