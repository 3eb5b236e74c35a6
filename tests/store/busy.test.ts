import assert from 'node:assert/strict';
import Database from 'better-sqlite3';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { decodingReason } from '../../src-main/data/pictureFile.ts';
import { knownFault } from '../../src-main/files/knownFault.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore } from '../../src-main/store/store.ts';
import { runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import { waitUntil } from '../waitUntil.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-busy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
const store = new URL('../../src-main/store/store.ts', import.meta.url).href;

/** Another program with a transaction on a workspace's database, until it is ended. */
async function otherProgram(workspace: string): Promise<{ readonly pid: number; end(): void }> {
  const source = `const database = new (require(${JSON.stringify(sqlite)}))(process.argv[1]);
    database.exec('BEGIN IMMEDIATE'); console.log('locked'); setInterval(() => database.inTransaction, 1000);`;
  const child = spawn(process.execPath, ['-e', source, workspaceFolders(workspace).database], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await waitUntil('the lock of the other program', () => said.includes('locked'));
  return { pid: child.pid as number, end: () => void child.kill('SIGKILL') };
}

/** What opening a workspace throws in a process that is started through a shell's command, as code and sentence. */
function openedThrough(workspace: string, command: string): string {
  const source = `const { openStore } = await import(${JSON.stringify(store)}); ${'PREPARE'}
    try { openStore(process.argv[1]).close(); console.log('open'); }
    catch (error) { console.log(error.code + ': ' + error.message); }`;
  return spawnSync(
    'sh',
    [
      '-c',
      `${command}; exec "$@"`,
      'sh',
      process.execPath,
      '--input-type=module',
      '-e',
      source.replace('PREPARE', ''),
      workspace,
    ],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    },
  ).stdout.trim();
}

test('a database that another program has locked is busy, not damaged, and the sentence says who has it', async () => {
  const workspace = join(folder, 'busy');
  openStore(workspace).close();
  const other = await otherProgram(workspace);
  try {
    assert.throws(
      () => openStore(workspace, { timeout: 50 }),
      (error: ArcBenchError) => {
        assert.equal(error.code, 'busy');
        assert.match(
          error.message,
          /arcbench\.db is in use by .*: wait until that has ended, .* Nothing is damaged\.$/,
        );
        if (process.platform === 'linux') assert.match(error.message, new RegExp(`process ${other.pid} \\(`));
        assert.doesNotMatch(error.message, /move it away|restore/);
        return true;
      },
    );
  } finally {
    other.end();
  }
  openStore(workspace).close();
});

test('a write waits for another program, says so once, and is done when that has ended', async () => {
  const workspace = join(folder, 'waits');
  const waits: string[] = [];
  const patient = openStore(workspace, { timeout: 20, patience: 20_000, onWait: (sentence) => waits.push(sentence) });
  const other = await otherProgram(workspace);
  spawn('sh', ['-c', `sleep 0.5; kill -9 ${other.pid}`]);
  patient.savePlan('plan', experimentSchema.parse({}));
  assert.ok(patient.plan('plan'));
  assert.equal(waits.length, 1);
  assert.match(waits[0] ?? '', /^Waiting for the database: .* has locked it\. Nothing is lost\.$/);
  patient.close();
});

test('a training goes on while another program writes, and no point is lost', { timeout: 240_000 }, async () => {
  const workspace = join(folder, 'training');
  const trained = openStore(workspace, { timeout: 20 });
  const other = new Database(workspaceFolders(workspace).database, { timeout: 5000 });
  const said: string[] = [];
  let locked = false;
  const plan = experimentSchema.parse({
    data: { source: 'demo', demo: { people: 6, imagesPerPerson: 6 } },
    prepare: { inputSize: 32 },
    split: { query: 0.3, distractors: 0.1 },
    model: { backbone: 'smallcnn', embeddingSize: 8 },
    training: { epochs: 6, batchSize: 8, learningRate: 0.05 },
    arms: [{ name: 'cross-entropy', loss: 'crossEntropy' }],
  });
  await runExperiment(
    {
      store: trained,
      plan,
      baseFolder: folder,
      rerunCommand: 'again',
      signal: new AbortController().signal,
      progress: {
        stage: () => undefined,
        step: () => undefined,
        notice: (text) => {
          said.push(text);
          if (locked || !text.startsWith('epoch 1/')) return;
          locked = true;
          other.exec('BEGIN IMMEDIATE');
          setTimeout(() => other.exec('COMMIT'), 1500);
        },
      },
    },
    { interrupted: 'refuse', compiled: true, engine: 'cpu' },
  );
  assert.ok(locked, said.join('\n'));
  const [run] = trained.runs();
  assert.equal(run?.status, 'done');
  assert.deepEqual(
    trained.curve(run.id, 'train/loss').map(([, epoch]) => epoch),
    [1, 2, 3, 4, 5, 6],
  );
  other.close();
  trained.close();
});

test('too many open files, a full TMPDIR and a path too long are each told as what they are', () => {
  const workspace = join(folder, 'limits');
  openStore(workspace).close();
  // Node itself has about 20 files open; the database and the files beside it do not fit any more.
  const codes = new Set<string>();
  for (let limit = 18; limit <= 34; limit++) {
    const said = openedThrough(workspace, `ulimit -n ${limit}`);
    if (said !== '' && said !== 'open') codes.add(said.split(' (')[0] ?? '');
  }
  assert.deepEqual([...codes], ['failed: No more files can be opened'], 'told as permissions or as damage');
  assert.equal(openedThrough(workspace, 'export TMPDIR=/dev/full'), 'open');

  const deep = join(folder, ...Array.from({ length: 3 }, () => 'x'.repeat(200)));
  mkdirSync(deep, { recursive: true });
  assert.throws(() => openStore(deep), { code: 'wrong-input', message: /has too long a path: SQLite takes 511 bytes/ });
});

test('a picture that cannot be opened for want of files is not left out of its dataset', () => {
  const error = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  assert.throws(() => decodingReason(error), { code: 'failed', message: /^No more files can be opened \(EMFILE\)/ });
  assert.match(knownFault(error)?.message ?? '', /^No more files can be opened/);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  assert.equal(knownFault(full)?.code, 'no-space');
});

test('only what is proven to be damaged is called so', () => {
  const workspace = join(folder, 'damaged');
  mkdirSync(workspace);
  writeFileSync(workspaceFolders(workspace).database, 'this is no database at all, whatever its name says');
  assert.throws(() => openStore(workspace), { code: 'damaged', message: /is not a whole ArcBench database/ });
});
