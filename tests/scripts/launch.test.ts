import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'arcbench-launch-')));
after(() => rmSync(folder, { recursive: true, force: true }));

const onWindows = process.platform === 'win32' && 'Windows has no signals.';

/** This Node under another path. */
function nodeAt(...names: string[]): string {
  const path = join(folder, ...names);
  mkdirSync(dirname(path), { recursive: true });
  try {
    linkSync(process.execPath, path);
  } catch {
    copyFileSync(process.execPath, path);
  }
  return path;
}

// `npm ci` and then `npm run demo` once failed: the set-up ran on the Node in node_modules, and emptied that folder.
test('the set-up runs on a Node outside of node_modules, which it may empty', () => {
  for (const file of [
    'scripts/launch.mjs',
    'src-main/files/heapArguments.mjs',
    'src-main/files/memoryEnvironment.mjs',
    'src-main/files/programEnvironment.mjs',
  ])
    cpSync(join(root, file), join(folder, 'checkout', file));
  const setUp = join(folder, 'checkout/src-main/engine/install/setUp.mjs');
  mkdirSync(dirname(setUp), { recursive: true });
  writeFileSync(setUp, 'console.log(process.execPath);');
  const inner = nodeAt('checkout/node_modules/node/bin/node');
  const outer = nodeAt('outer/node');
  const launch = (path: readonly string[]) =>
    spawnSync(inner, [join(folder, 'checkout/scripts/launch.mjs')], {
      cwd: join(folder, 'outer'),
      encoding: 'utf8',
      env: { ...process.env, PATH: path.join(delimiter) },
    }).stdout.trim();
  assert.equal(launch([dirname(inner), '.', '', dirname(outer)]), outer);
  assert.equal(launch([dirname(inner), '.', '']), inner, 'where there is no other, and none from the current folder');
});

test('programs keep what Node compiled in node_modules, those that ask for it compile anew', () => {
  const program = join(folder, 'checkout/program.ts');
  writeFileSync(program, 'console.log(process.env.NODE_COMPILE_CACHE ?? "none", ...process.argv.slice(2));');
  writeFileSync(join(folder, 'checkout/src-main/engine/install/setUp.mjs'), '');
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const node = join(folder, 'checkout/node_modules/node/bin/node');
  const launch = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    spawnSync(node, [join(folder, 'checkout/scripts/launch.mjs'), ...args], {
      encoding: 'utf8',
      env: { ...env, ...more },
    }).stdout.trim();
  assert.equal(launch([program, '--anew']), `${join(folder, 'checkout/node_modules/.cache/compiled')} --anew`);
  assert.equal(launch(['--anew', program]), 'none');
  assert.equal(launch([program], { NODE_COMPILE_CACHE: folder }), folder, 'the folder of the user');
});

test('an interrupt of the launcher alone, without a terminal, reaches the program', { skip: onWindows }, async () => {
  const program = join(folder, 'checkout/waits.ts');
  writeFileSync(
    program,
    `process.once('SIGINT', () => process.exit(130));
    setTimeout(() => process.exit(1), 20_000);
    console.log('ready');`,
  );
  writeFileSync(join(folder, 'checkout/src-main/engine/install/setUp.mjs'), '');
  const launcher = spawn(
    join(folder, 'checkout/node_modules/node/bin/node'),
    [join(folder, 'checkout/scripts/launch.mjs'), program],
    { detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(launcher.stdout, 'data');
  launcher.kill('SIGINT');
  assert.deepEqual(await once(launcher, 'close'), [130, null]);
});
