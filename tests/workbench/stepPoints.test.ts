import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import type { MetricPoint } from '../../src-main/store/storeChange.ts';
import { openStore } from '../../src-main/store/store.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';
import { plannedRuns } from '../../src-main/workbench/experiment/plannedRuns.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-points-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = experimentSchema.parse({
  data: { demo: { people: 8, imagesPerPerson: 10 } },
  prepare: { inputSize: 32 },
  split: { query: 0.25, distractors: 0.1 },
  model: { embeddingSize: 16 },
  training: {
    epochs: 4,
    batchSize: 8,
    learningRate: 0.02,
    marginWarmupEpochs: 1,
    sampler: { name: 'pk', identities: 4, images: 2 },
  },
  arms: [
    {
      name: 'mixed',
      loss: {
        name: 'sum',
        terms: [{ loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } }, { weight: 0.1, loss: 'triplet' }],
      },
    },
  ],
});

/** Trains in a workspace; `disturb` hears every progress note and may stop the run or kill what it started. */
async function train(
  workspace: string,
  disturb: (note: string, stop: () => void) => void,
): Promise<{ points: MetricPoint[]; epochs: MetricPoint[] }> {
  const store = openStore(join(folder, workspace));
  try {
    const run = async (interrupted: 'refuse' | 'resume', hear: typeof disturb) => {
      const stopper = new AbortController();
      const options = {
        store,
        plan,
        baseFolder: folder,
        rerunCommand: 'test',
        signal: stopper.signal,
        progress: {
          stage: () => undefined,
          notice: () => undefined,
          step: ({ done, total, note }: { done: number; total: number; note: string }) =>
            hear(`${note} batch ${((done - 1) % (total / plan.training.epochs)) + 1}`, () => stopper.abort()),
        },
      };
      const faces = await gatherSplit(options);
      await trainArms(options, faces, { interrupted, compiled: true, engine: 'cpu', evaluate: false });
      return plannedRuns(store, plan, faces)[0]?.id as string;
    };
    const id = await run('refuse', disturb).catch(() => run('resume', () => undefined));
    return { points: store.points(id, 'steps'), epochs: store.points(id) };
  } finally {
    store.close();
  }
}

const killTrainer = () => {
  for (const child of readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)) {
    if (readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('trainerProcess'))
      process.kill(Number(child), 'SIGKILL');
  }
};
const timed = (point: MetricPoint) => !point.name.endsWith('imagesPerSecond');
const rows = (points: readonly MetricPoint[]) =>
  points.filter(timed).map(({ name, step, epoch, value }) => [name, step, epoch, value]);

test('every step leaves one point of each curve, and a stopped or killed run ends with the same rows', async () => {
  const whole = await train('whole', () => undefined);
  const steps = Math.max(...whole.points.map((point) => point.step));
  const names = [
    'accuracy',
    'beyondMargin',
    'clipped',
    'embeddingNorm',
    'gradientNorm',
    'imagesPerSecond',
    'learningRate',
    'loss',
    'loss/arcFace',
    'loss/triplet',
    'marginSatisfied',
    'targetAngleDegrees',
  ];
  assert.deepEqual(
    [...new Set(whole.points.map((point) => point.name))],
    names.map((name) => `step/${name}`),
  );
  assert.equal(whole.points.length, names.length * steps);
  for (const name of [
    'train/loss',
    'train/accuracy',
    'val/loss',
    'val/accuracy',
    'learningRate',
    'gradientNorm',
    'imagesPerSecond',
    'train/loss/triplet',
    'train/targetAngleDegrees',
  ])
    assert.equal(whole.epochs.filter((point) => point.name === name).length, 4, name);
  // An epoch's point is the mean of its steps', to float64 rounding.
  const ofEpoch = whole.points
    .filter((point) => point.name === 'step/loss' && point.epoch === 2)
    .map((point) => point.value);
  assert.ok(
    Math.abs(
      ofEpoch.reduce((sum, value) => sum + value, 0) / ofEpoch.length -
        (whole.epochs.find((point) => point.name === 'train/loss' && point.epoch === 2)?.value as number),
    ) < 1e-9,
  );

  // The third batch is the epoch's last: a run resumed behind it once left a learning rate of 0.
  const stopped = await train('stopped', (note, stop) => {
    if (note.includes('epoch 2') && note.endsWith('batch 3')) stop();
  });
  assert.deepEqual(rows(stopped.points), rows(whole.points));
  assert.deepEqual(rows(stopped.epochs), rows(whole.epochs));
  const killed = await train('killed', (note) => {
    if (note.includes('epoch 3') && note.endsWith('batch 2')) killTrainer();
  });
  assert.deepEqual(rows(killed.points), rows(whole.points));
  assert.deepEqual(rows(killed.epochs), rows(whole.epochs));
});
