import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openStore } from '../../src-main/store/store.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { servedWorkbench } from './servedWorkbench.ts';
import { arcbench, trainersOf, writeFaultExperiment } from './faultExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-two-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('of two runs on one workspace the second gets its sentence, and the first and the store stay whole', async () => {
  const run = ['--run', writeFaultExperiment(join(folder, 'faults.yaml')), '--workspace', join(folder, 'workspace')];
  let second: ReturnType<typeof arcbench> | null = null;
  const first = arcbench(run, (line) => {
    if (line.startsWith('Training')) second ??= arcbench(run);
  });
  const outcome = await first.ended;
  assert.equal(outcome.code, 0, outcome.stderr);
  const refused = await (second as ReturnType<typeof arcbench> | null)?.ended;
  assert.equal(refused?.code, 1, refused?.stderr);
  assert.equal(
    refused?.stderr,
    `The workspace ${join(folder, 'workspace')} is in use by process ${first.child.pid}: wait until it ends, ` +
      'or choose another workspace with --workspace.\n',
  );
  const store = openStore(join(folder, 'workspace'));
  try {
    assert.deepEqual(await checkWorkspace(store, { repair: false, onProgress: () => undefined }), []);
    assert.deepEqual(
      store.runs().map((row) => row.status),
      ['done', 'done'],
    );
  } finally {
    store.close();
  }
});

test('a second workbench on one workspace, served or headless, gets its sentence', async () => {
  const workspace = join(folder, 'served');
  const served = await servedWorkbench(workspace);
  const sentence =
    `The workspace ${workspace} is in use by process ${served.child.pid}: wait until it ends, or choose ` +
    'another workspace with --workspace.';
  const headless = await arcbench([
    '--run',
    writeFaultExperiment(join(folder, 'served.yaml')),
    '--workspace',
    workspace,
  ]).ended;
  assert.deepEqual([headless.code, headless.stderr], [1, `${sentence}\n`]);
  await assert.rejects(servedWorkbench(workspace), { message: sentence });
  assert.deepEqual(await served.call('runs.list', {}), []);
  served.child.kill('SIGTERM');
  await served.ended;
});

test('of several processes that open a workspace at once, whose last writer was killed, one gets it', async () => {
  // Once each of them could take the lock of a dead process over, and then two wrote.
  const store = new URL('../../src-main/store/store.ts', import.meta.url).href;
  const source = `import { existsSync } from 'node:fs'; import { openStore } from ${JSON.stringify(store)};
    const [workspace, go] = process.argv.slice(1); console.log('ready');
    while (!existsSync(go));
    try { openStore(workspace); console.log('open'); } catch (error) { console.log(error.code); }
    setInterval(() => {}, 1000);`;
  for (let round = 0; round < 8; round++) {
    const workspace = join(folder, 'raced');
    const go = join(folder, `go-${round}`);
    const racers = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', source, workspace, go], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let told = '';
      child.stdout.on('data', (chunk: Buffer) => {
        told += chunk.toString();
      });
      const lines = async (count: number) => {
        while (told.split('\n').length <= count) await once(child.stdout, 'data');
        return told.trim().split('\n');
      };
      return { child, lines };
    });
    await Promise.all(racers.map((racer) => racer.lines(1)));
    writeFileSync(go, '');
    const words = (await Promise.all(racers.map((racer) => racer.lines(2)))).map((lines) => lines[1]);
    await Promise.all(
      racers.map(({ child }) => {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        return exit;
      }),
    );
    assert.deepEqual(words.sort(), ['busy', 'busy', 'busy', 'open']);
  }
});

test('a trainer that outlived its killed workbench is ended before another writes into its run', async () => {
  const workspace = join(folder, 'outlived');
  const run = ['--run', writeFaultExperiment(join(folder, 'outlived.yaml')), '--workspace', workspace];
  let former = 0;
  const killed = arcbench(run, (line) => {
    if (former > 0 || !line.includes('epoch 1/')) return;
    former = trainersOf(killed.child.pid as number)[0] as number;
    process.kill(former, 'SIGSTOP'); // it cannot hear that it is alone
    killed.child.kill('SIGKILL');
  });
  assert.equal((await killed.ended).signal, 'SIGKILL');
  const isStopped = () =>
    existsSync(`/proc/${former}/stat`) && / T /.test(readFileSync(`/proc/${former}/stat`, 'utf8'));
  assert.ok(isStopped(), 'the trainer was to outlive the kill');
  const resumed = await arcbench([...run, '--resume']).ended;
  const outlived = isStopped();
  if (outlived) process.kill(former, 'SIGKILL');
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.ok(!outlived, 'two trainers had one run');
});
