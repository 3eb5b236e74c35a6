import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolders } from '../../src-main/files/makeFolders.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-folders-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('missing folders are made, and the first of them is named', () => {
  assert.equal(makeFolders(join(folder, 'a', 'b', 'c'), 0o700), join(folder, 'a'));
  assert.equal(statSync(join(folder, 'a', 'b')).mode & 0o777, 0o700);
  assert.equal(makeFolders(join(folder, 'a', 'b')), undefined);
  symlinkSync('a', join(folder, 'link'));
  assert.equal(makeFolders(join(folder, 'link')), undefined);
});

test('a file, a broken link or a link loop in the way is an error of the system', () => {
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('nowhere', join(folder, 'broken'));
  symlinkSync('loop', join(folder, 'loop'));
  for (const [name, code] of Object.entries({
    file: 'EEXIST',
    'file/x': 'ENOTDIR',
    broken: 'EEXIST',
    'broken/x': 'EEXIST',
    loop: 'ELOOP',
  }))
    assert.throws(() => makeFolders(join(folder, name)), { code }, name);
});

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));

test(
  'a workspace that the system cannot hold is refused, not tried forever',
  { skip: !existsSync('/proc/self') },
  () => {
    const source = join(folder, 'faces');
    mkdirSync(source);
    const args = [main, 'import', source, '--workspace', '/proc/arcbench/workspace'];
    const { status, stderr, signal } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    assert.equal(signal, null, 'it never ended');
    assert.equal(status, 2, stderr);
    assert.match(
      stderr,
      /The workspace \/proc\/arcbench\/workspace cannot be made: the system makes no folders there\. Choose/,
    );
  },
);
