import assert from 'node:assert/strict';
import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';

async function withWorkspace(action: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-store-'));
  try {
    await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filled(folder: string) {
  const store = openStore(folder);
  store.savePlan('plan', experimentSchema.parse({}));
  store.saveSplit({ hash: 'split', seed: 1, rule: {}, folder: '/x', manifestHash: 'm', audit: [] });
  store.createRun({ id: 'run', experiment: 'e', arm: 'a', seed: 1, planHash: 'plan', splitHash: 'split' });
  store.addPoints([{ run: 'run', name: 'train/loss', step: 10, epoch: 1, value: 2.5, at: 1 }, { run: 'run', name: 'train/loss', step: 20, epoch: 2, value: 1.5, at: 2 }]);
  return store;
}

test('what was written is there after the store is opened again, and a deleted run takes its points along', () => withWorkspace((folder) => {
  filled(folder).close();
  const store = openStore(folder);
  assert.deepEqual(store.points('run').map((point) => point.value), [2.5, 1.5]);
  assert.equal(store.plan('plan')?.training.batchSize, 64);
  store.deleteRun('run');
  assert.deepEqual(store.points('run'), []);
  store.close();
}));

test("an epoch's points and a curve are found among 200,000 points of steps without a walk over them", () => withWorkspace((folder) => {
  const store = filled(folder);
  for (let first = 0; first < 200_000; first += 100_000) {
    store.addPoints(Array.from({ length: 100_000 }, (_, at) => ({ run: 'run', name: `step/${['accuracy', 'loss', 'gradientNorm', 'learningRate', 'imagesPerSecond'][(first + at) % 5]}`, step: Math.floor((first + at) / 5), epoch: 1, value: at, at: 1 })));
  }
  const timed = <T>(read: () => T) => {
    const started = performance.now();
    return { result: read(), milliseconds: performance.now() - started };
  };
  const epochs = timed(() => store.points('run'));
  assert.deepEqual(epochs.result.map((point) => [point.name, point.step]), [['train/loss', 10], ['train/loss', 20]]);
  assert.ok(epochs.milliseconds < 20, `${epochs.milliseconds} ms`);
  const tail = timed(() => store.curve('run', 'step/loss', 39_989));
  assert.deepEqual(tail.result.map((point) => point.step), Array.from({ length: 10 }, (_, at) => 39_990 + at));
  assert.ok(tail.milliseconds < 20, `${tail.milliseconds} ms`);
  assert.equal(store.points('run', 'steps').length, 200_000);
  store.close();
}));

test('a second process is told who writes, and a killed one leaves the workspace free', () => withWorkspace(async (folder) => {
  const source = `import { openStore } from ${JSON.stringify(new URL('../../src-main/store/store.ts', import.meta.url).href)}; openStore(${JSON.stringify(folder)}); console.log('open'); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  assert.throws(() => openStore(folder), new RegExp(`in use by process ${other.pid}`));
  other.kill('SIGKILL');
  await once(other, 'exit');
  openStore(folder).close();
}));

test('a newer database and a file that is none are refused in a sentence', () => withWorkspace((folder) => {
  filled(folder).close();
  const database = new Database(join(folder, 'arcbench.db'));
  database.pragma('user_version = 99');
  database.close();
  assert.throws(() => openStore(folder), /newer ArcBench/);
  writeFileSync(join(folder, 'arcbench.db'), 'this is no database, it is a text that is long enough to look at');
  assert.throws(() => openStore(folder), /not a whole ArcBench database/);
}));
