import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../src-main/store/store.ts';
import { childEnd } from '../childEnd.ts';
import { arcbench, writeFaultExperiment } from '../faults/faultExperiment.ts';
import { servedWorkbench } from '../faults/servedWorkbench.ts';
import { waitUntil } from '../waitUntil.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-gone-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const environment = { ...process.env, NODE_NO_WARNINGS: '1' };
const statusesOf = (workspace: string) => {
  const store = openStore(workspace, { readOnly: true });
  try {
    return store.runs().map(({ status }) => status);
  } finally {
    store.close();
  }
};
const noScript =
  !existsSync('/usr/bin/script') && 'script (util-linux) is not installed: it gives a program a terminal';

test('a run whose reader goes away trains on to its end without a word', async () => {
  const workspace = join(folder, 'unread');
  const experiment = writeFaultExperiment(join(folder, 'unread.yaml'), { people: 6, epochs: 2 });
  const { child, ended } = arcbench(['--run', experiment, '--workspace', workspace], (line) => {
    if (!line.startsWith('Training')) return;
    child.stderr?.destroy(); // what `| head` does when it has seen enough
    child.stdout?.destroy();
  });
  const { code, stderr } = await ended;
  assert.deepEqual([code, /\bat .*:\d+:\d+/.test(stderr)], [0, false], stderr);
  assert.deepEqual(statusesOf(workspace), ['done', 'done']);
});

test('a result that a full device refuses is named in a sentence, with exit code 1', { skip: noFull() }, async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [main, 'knobs'], { env: environment, stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  const said = heard(child);
  const { code } = await childEnd(child, { what: 'arcbench knobs', seen: said });
  assert.match(said(), /^The result could not be written to the standard output \(ENOSPC\): [^\n]*\n$/);
  assert.equal(code, 1);
});

test('a closed terminal stops a run, which is saved with exit code 130', { skip: noScript }, async () => {
  const workspace = join(folder, 'hangup');
  const experiment = writeFaultExperiment(join(folder, 'hangup.yaml'), { people: 6, epochs: 2000 });
  const said = join(folder, 'said');
  const code = join(folder, 'code');
  const lines = join(folder, 'hangup.sh');
  // This shell does not hear of the end of its terminal, so that it can write down how the run ended.
  writeFileSync(
    lines,
    `trap '' HUP\n${process.execPath} ${main} --engine cpu --run ${experiment} --workspace ${workspace} 2> ${said}\n` +
      `echo $? > ${code}\n`,
  );
  const terminal = spawn('script', ['-q', '-c', `bash ${lines}; true`, '/dev/null'], {
    env: environment,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const seen = () => textOf(said);
  await waitUntil('the second epoch', () => seen().includes('epoch 2/'), { seen, seconds: 120 });
  terminal.kill('SIGKILL');
  assert.equal(await waitUntil('the exit code', () => textOf(code).trim() || null, { seen }), '130', seen());
  assert.match(seen(), /Stopped and saved; `.* --resume` goes on from here\.\n$/);
  assert.deepEqual(statusesOf(workspace), ['cancelled']);
});

test('a served workbench outlives the reader of its log', async () => {
  const served = await servedWorkbench(join(folder, 'served'));
  served.child.stderr?.destroy();
  served.child.stdout?.destroy();
  await assert.rejects(served.call('runs.show', { id: 'none' }));
  served.child.kill('SIGHUP'); // it writes to no terminal, as under nohup
  assert.deepEqual(await served.call('runs.list', {}), []);
  served.child.kill('SIGTERM');
  await served.ended;
  assert.equal(served.child.exitCode, 0);
});

test('a run whose process was killed is shown as interrupted by one who only reads', async () => {
  const workspace = join(folder, 'killed');
  const run = ['--run', writeFaultExperiment(join(folder, 'killed.yaml'), { epochs: 40 }), '--workspace', workspace];
  const seen: string[][] = [];
  const { child, ended } = arcbench(run, (line) => {
    if (!line.includes('epoch 1/')) return;
    seen.push(statusesOf(workspace));
    child.kill('SIGKILL');
  });
  await ended;
  assert.deepEqual(seen[0], ['running'], 'while its process lives it is running');
  assert.deepEqual(statusesOf(workspace), ['cancelled']);
  const listed = spawnSync(process.execPath, [main, '--workspace', workspace, 'runs', 'list'], {
    env: environment,
    encoding: 'utf8',
  });
  assert.match(listed.stdout, / cancelled /);
  const served = await servedWorkbench(workspace);
  assert.deepEqual(
    (await served.call('runs.list', {})).map(({ status, message }) => [status, message?.includes('resume goes on')]),
    [['cancelled', true]],
  );
  served.child.kill('SIGTERM');
  await served.ended;
});

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

function noFull(): string | false {
  return existsSync('/dev/full') ? false : 'this system has no /dev/full';
}

function heard(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  return () => said;
}
