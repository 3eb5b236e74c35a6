import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { crc32c } from '../../src-main/files/crc32c.ts';
import { openStore } from '../../src-main/store/store.ts';
import { exportedRun } from '../../src-main/workbench/results/export/exportedRun.ts';
import { scalarRecord, versionRecord } from '../../src-main/workbench/results/tensorboard/eventRecords.ts';
import { followRun } from '../../src-main/workbench/results/tensorboard/followRun.ts';
import { writeEventFile } from '../../src-main/workbench/results/tensorboard/writeEventFile.ts';
import { eventsOf, recordsOf } from './eventRecords.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-events-'));
const store = openStore(join(folder, 'workspace'));
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const plan = parseExperiment('name: Events\nmodel: { embeddingSize: 24 }\nseeds: 2', 'events.yaml');
store.savePlan('hash', plan);
store.saveSplit({ hash: 'split', seed: 1, rule: plan.split, folder, manifestHash: 'm', audit: [] });
const pointsOf = (name: string, steps: readonly number[], scale = 1) =>
  steps.map((step) => ({ name, step, epoch: 1, value: scale / (step + 1), at: 1.7e12 + step }));
const curve = pointsOf('val/accuracy', [1, 2, 3]);

/** A run of the plan that is done, with a curve and two judged metrics. */
function doneRun(id: string, seed: number) {
  store.createRun({ id, experiment: 'Events', arm: 'ArcFace', seed, planHash: 'hash', splitHash: 'split' });
  store.addPoints(curve.map((point) => ({ run: id, ...point })));
  store.saveResult(id, 'judged', { 'test/top1': 0.75, 'nearest centre': 0.5 });
  store.updateRun(id, { status: 'done', finishedAt: '2026-11-30T12:00:00.000Z' });
  return exportedRun(store, store.run(id)!)!;
}

const bytesIn = (within: string) => {
  const [name, ...more] = readdirSync(within).filter((file) => file.includes('tfevents'));
  assert.equal(more.length, 0);
  return readFileSync(join(within, name!));
};

test('records have the bytes that TensorFlow writes', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  assert.equal(
    hex(versionRecord(1.7e12)),
    '1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32eced8f9d',
  );
  assert.equal(
    hex(scalarRecord('val/accuracy', { step: 1, at: 1.700000001e12, value: 0.5 })),
    '220000000000000078113dfd0900004040fc54d94110012a150a130a0c76616c2f6163637572616379150000003ff5d43a03',
  );
});

test('another reader finds the curves, the judged metrics and the hyperparameters of an exported run', async () => {
  const exported = doneRun('read-back', 1);
  const target = mkdtempSync(join(folder, 'export-'));
  const [name] = await writeEventFile(target, store, exported);
  assert.match(name!, /^events\.out\.tfevents\.\d{10}\./);
  const events = eventsOf(bytesIn(target));
  assert.equal(events[0]?.version, 'brain.Event:2');
  assert.deepEqual(
    events.flatMap(({ step, scalars }) => scalars.map(([tag, value]) => [tag, step, value])),
    [
      ...curve.map(({ name: tag, step, value }) => [tag, step, Math.fround(value)]),
      ['judged/test/top1', 3, 0.75],
      ['judged/nearest centre', 3, 0.5],
    ],
  );
  assert.deepEqual(
    events.flatMap(({ hyperparameters }) => hyperparameters),
    ['_hparams_/session_start_info', '_hparams_/session_end_info'],
  );
  assert.equal(events[2]?.at, (1.7e12 + 1) / 1000);
});

test('the event file of a run grows while it trains, and says where it goes on from a checkpoint', () => {
  const id = 'followed';
  const { arm } = doneRun(id, 2);
  const within = join(folder, 'followed run');
  const faults: unknown[] = [];
  const followed = followRun(store, { id, plan, arm, folder: within }, (error) => faults.push(error));
  const scalars = () =>
    eventsOf(bytesIn(join(within, 'tensorboard'))).flatMap((event) => [
      ...(event.restart ? [`again from ${event.step}`] : []),
      ...event.scalars.map(([tag]) => `${tag} ${event.step}`),
    ]);
  const stored = ['val/accuracy 1', 'val/accuracy 2', 'val/accuracy 3'];
  assert.deepEqual(scalars(), stored);
  followed.add(pointsOf('val/accuracy', [4]));
  followed.add([...pointsOf('val/accuracy', [3, 4]), ...pointsOf('train/loss', [3])]);
  const again = ['val/accuracy 4', 'again from 3', 'val/accuracy 3', 'val/accuracy 4', 'train/loss 3'];
  assert.deepEqual(scalars(), [...stored, ...again]);
  followed.end('succeeded');
  followed.add(pointsOf('train/loss', [9])); // too late: the file is closed
  assert.equal(recordsOf(bytesIn(join(within, 'tensorboard'))).length, 2 + 3 + 5 + 1);
  assert.deepEqual(faults, []);
});

test('a file that cannot be written is said once, and ends nothing else', () => {
  const faults: unknown[] = [];
  const { arm } = doneRun('unwritable', 3);
  const followed = followRun(store, { id: 'unwritable', plan, arm, folder: fileURLToPath(import.meta.url) }, (error) =>
    faults.push(error),
  );
  followed.add(curve);
  followed.end('failed');
  assert.equal(faults.length, 1);
});

const python = spawnSync('python3', ['-c', 'import tensorboard.backend.event_processing.event_accumulator']);
const skip = python.status === 0 ? false : "Python's tensorboard is needed: pip install tensorboard, or set PYTHONPATH";

test("TensorBoard's own EventAccumulator reads the same, and averages the seeds of an arm", { skip }, async () => {
  for (const seed of [4, 5]) {
    const target = mkdtempSync(join(folder, `logs-seed-${seed}-`));
    await writeEventFile(target, store, doneRun(`seed-${seed}`, seed));
    const read = spawnSync('python3', [fileURLToPath(new URL('readEvents.py', import.meta.url)), target], {
      encoding: 'utf8',
    });
    assert.equal(read.status, 0, read.stderr);
    const { scalars, group, status, hyperparameters } = JSON.parse(read.stdout) as {
      scalars: Record<string, [number, number][]>;
      group: string;
      status: number;
      hyperparameters: Record<string, unknown>;
    };
    assert.deepEqual(
      scalars['val/accuracy'],
      curve.map(({ step, value }) => [step, Math.fround(value)]),
    );
    assert.deepEqual(scalars['judged/test/top1'], [[3, 0.75]]);
    assert.deepEqual([group, status], ['ArcFace', 1]);
    assert.equal(hyperparameters['model.embeddingSize'], 24);
    assert.equal(hyperparameters['loss.name'], 'arcFace');
    assert.equal(hyperparameters['training.optimizer.nesterov'], false);
    assert.ok(!('seed' in hyperparameters));
  }
});
