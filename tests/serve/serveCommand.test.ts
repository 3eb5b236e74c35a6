import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { waitFor } from '../waitUntil.ts';
import { openSocket, nextMessage } from './servedFolder.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-serve-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function arcbench(...args: string[]) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'serveProgram.ts'), '--workspace', folder, ...args],
    { env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  );
  const said = { out: '', errors: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.errors += chunk.toString();
  });
  return { child, said, ended: once(child, 'close').then(([code]) => code as number) };
}

test('serve prints an address that opens, and Ctrl-C closes the workbench with a checkpoint', async () => {
  const { child, said, ended } = arcbench('--json', 'serve', '--port', '0', '--open', folder);
  await waitFor('the address of arcbench serve', once(child.stdout, 'data'), { seen: () => said.errors });
  const { address, token, open } = JSON.parse(said.out) as Record<'address' | 'token' | 'open', string>;
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.match(open, new RegExp(`^http://[0-9a-f]{20}\\.localhost:${new URL(address).port}/\\?token=${token}$`));
  const socket = await openSocket(`${address.replace('http', 'ws')}api`, { authorization: `Bearer ${token}` });
  socket.send(JSON.stringify({ id: 1, call: 'files.list', input: { path: null } }));
  assert.ok('result' in (await nextMessage(socket)));
  child.kill('SIGINT');
  assert.equal(await ended, 0);
  assert.match(said.errors, /opened .*"roots":\[".*"\][^]*Saving a checkpoint; Ctrl-C again[^]*checkpoint saved\n$/);
  assert.ok(!said.errors.includes('Warning') && !said.errors.includes(token));
});

test('a token comes from a file, and a host beyond the loopback is warned of', async () => {
  const token = 'a'.repeat(40);
  writeFileSync(join(folder, 'token'), `${token}\n`, { mode: 0o600 });
  const { child, said, ended } = arcbench(
    'serve',
    '--port',
    '0',
    '--host',
    '0.0.0.0',
    '--token-file',
    join(folder, 'token'),
  );
  await waitFor('the address of arcbench serve', once(child.stdout, 'data'), { seen: () => said.errors });
  assert.match(said.out, new RegExp(`^ArcBench: http://${hostname()}:\\d+/\\?token=${token}\n`));
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.match(said.errors, /Warning: .*without encryption/);
});

test('wrong options are named before anything is opened', async () => {
  writeFileSync(join(folder, 'short'), 'guessable', { mode: 0o600 });
  writeFileSync(join(folder, 'shared'), 'a'.repeat(40), { mode: 0o644 });
  execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')]);
  mkdirSync(join(folder, 'closed'), { mode: 0o700 });
  for (const [args, sentence] of [
    [['--port', '70000'], /--port is a whole number/],
    [['--open', join(folder, 'none')], /There is no folder/],
    [['--token-file', join(folder, 'short')], /at least 32/],
    [['--token-file', join(folder, 'absent')], /absent is not there: a file with a token was expected/],
    [['--token-file', join(folder, 'pipe')], /pipe is no file: a file with a token was expected/],
    [['--token-file', join(folder, 'closed')], /closed is no file: a file with a token was expected/],
    [['--token-file', join(folder, 'shared')], /can be read by other users \(mode 644\): .* `umask 077; openssl/],
  ] as const) {
    const { said, ended } = arcbench('serve', ...args);
    assert.equal(await ended, 2);
    assert.match(said.errors, sentence);
    assert.ok(!said.errors.includes('opened'));
  }
});
