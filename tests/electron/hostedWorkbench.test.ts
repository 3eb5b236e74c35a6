import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { WorkbenchEvent } from '../../src-shared/api.ts';
import { startWorkbench } from '../../src-main/doors/electron/startWorkbench.ts';
import { secret } from '../serve/folderWorkbench.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-hosted-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'reports', 'abc'), { recursive: true });
writeFileSync(join(folder, 'reports', 'abc', 'report.md'), Buffer.from([0, 255, 10, 200]));
const start = (workspace = folder) =>
  startWorkbench({
    node: process.execPath,
    program: join(import.meta.dirname, 'workbenchProgram.ts'),
    args: [workspace],
    cache: join(folder, 'cache'),
  });
const save = (yaml: string) => ['experiments.save', { id: null, yaml }] as const;

test("calls, errors, events and bytes pass between the window and the workbench's process; closing saves", async () => {
  const workbench = start();
  const events: WorkbenchEvent[] = [];
  workbench.subscribe((event) => events.push(event));
  const answers = (await Promise.all([
    workbench.call('files.list', { path: null }),
    workbench.call(...save('name: x')),
  ])) as [{ entries: { name: string }[] }, { yaml: string }];
  assert.deepEqual([answers[0].entries.map(({ name }) => name), answers[1].yaml], [['cache', 'reports'], 'name: x']);
  await assert.rejects(workbench.call('runs.show', { id: 'r' }), {
    name: 'ArcBenchError',
    code: 'wrong-input',
    message: 'There is no run r.',
  });
  await assert.rejects(
    workbench.call('runs.list', {}),
    (error: Error) => !error.message.includes(folder) && !error.message.includes(secret),
  );
  assert.deepEqual(
    Buffer.from((await workbench.resource('reports/abc/report.md'))?.bytes ?? []),
    Buffer.from([0, 255, 10, 200]),
  );
  assert.equal(await workbench.resource('reports/abc/none'), null);
  workbench.open('/given');
  assert.equal(await workbench.busy(), false);
  assert.deepEqual(events.splice(0), [{ event: 'reports.changed', payload: { id: '/given' } }]);
  await workbench.call(...save('start'));
  assert.deepEqual([await workbench.busy(), events.map(({ event }) => event)], [true, ['job']]);
  await workbench.close();
  assert.equal(readFileSync(join(folder, 'closed'), 'utf8'), 'checkpoint saved');
  assert.equal((await workbench.ended).asked, true);
});

test('a workspace that cannot be opened is told in its own sentence', async () => {
  const workbench = start(join(folder, 'in-use'));
  for (const asked of [workbench.opened, workbench.call('files.list', { path: null })])
    await assert.rejects(asked, { code: 'busy', message: 'The workspace is in use by another process.' });
});

test('a workbench that dies answers what was asked with a fault, and says that it was not asked to', async () => {
  const workbench = start();
  await assert.rejects(workbench.call(...save('die')), {
    code: 'failed',
    message: 'The workbench ended before it answered.',
  });
  const { asked, reason } = await workbench.ended;
  assert.deepEqual([asked, reason], [false, 'It ended with exit code 7.']);
  await assert.rejects(workbench.call('files.list', { path: null }), /has ended/);
});

test("a workbench whose window's process is gone saves and ends", async () => {
  rmSync(join(folder, 'closed'), { force: true });
  const { spawn } = await import('node:child_process');
  const program = new URL('../../src-main/doors/electron/startWorkbench.ts', import.meta.url).href;
  const options = {
    node: process.execPath,
    program: join(import.meta.dirname, 'workbenchProgram.ts'),
    args: [folder],
    cache: join(folder, 'cache'),
  };
  const source = `import { startWorkbench } from ${JSON.stringify(program)};
    const workbench = startWorkbench(${JSON.stringify(options)});
    await workbench.call('experiments.save', { id: null, yaml: 'start' }); process.kill(process.pid, 'SIGKILL');`;
  spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'ignore' });
  for (let tries = 0; tries < 200 && !existsSync(join(folder, 'closed')); tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(readFileSync(join(folder, 'closed'), 'utf8'), 'checkpoint saved');
});
