import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { readNpy } from '../../src-main/files/npyFile.ts';
import { openStore } from '../../src-main/store/store.ts';
import { leavesSnapshot, listSnapshots } from '../../src-main/train/snapshots.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-snapshots-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('at most 30 epochs leave a snapshot, the last always, in even steps that are powers of two', () => {
  for (const [epochs, count] of [
    [1, 1],
    [30, 30],
    [31, 16],
    [100, 25],
    [10_000, 20],
  ] as const) {
    const left = Array.from({ length: epochs }, (_, at) => at + 1).filter((epoch) => leavesSnapshot(epoch, epochs));
    assert.equal(left.length, count, `${epochs} epochs`);
    assert.equal(left.at(-1), epochs);
    assert.equal(new Set(left.slice(1).map((epoch, at) => epoch - left[at]!)).size <= 1, true);
  }
});

test('each epoch leaves unit embeddings of val, which the store names', async () => {
  const plan = experimentSchema.parse({
    data: { demo: { people: 8, imagesPerPerson: 8 } },
    prepare: { inputSize: 32 },
    split: { query: 0, distractors: 0, val: 0.25, test: 0.15, train: 0.6 },
    model: { embeddingSize: 16 },
    training: { epochs: 3, batchSize: 8, learningRate: 0.02 },
    arms: [{ name: 'a', loss: 'crossEntropy' }],
  });
  const store = openStore(folder);
  try {
    const options = {
      store,
      plan,
      baseFolder: folder,
      rerunCommand: 'test',
      signal: new AbortController().signal,
      progress: { stage: () => undefined, notice: () => undefined, step: () => undefined },
    };
    const faces = await gatherSplit(options);
    const [id] = await trainArms(options, faces, {
      interrupted: 'refuse',
      compiled: true,
      engine: 'cpu',
      evaluate: false,
    });
    const artefact = store.artefacts(id as string).find(({ kind }) => kind === 'snapshots');
    const { images, epochs } = listSnapshots(artefact?.path ?? '');
    assert.deepEqual(images, faces.split.parts.val);
    assert.deepEqual(
      epochs.map(({ epoch }) => epoch),
      [1, 2, 3],
    );
    const clouds = epochs.map(({ path }) => readNpy(path));
    for (const { values, size } of clouds) {
      assert.deepEqual([size, values.length], [16, images.length * 16]);
      for (let row = 0; row < images.length; row++)
        assert.ok(Math.abs(Math.hypot(...values.subarray(row * 16, (row + 1) * 16)) - 1) < 1e-5);
    }
    assert.notDeepEqual(clouds[0], clouds[2]);
    const path = epochs[0]?.path ?? '';
    writeFileSync(path, readFileSync(path).subarray(0, -4));
    assert.throws(() => readNpy(path), /where its header says/);
    writeFileSync(join(artefact?.path ?? '', 'index.json'), '{"images": "all"}');
    assert.throws(() => listSnapshots(artefact?.path ?? ''), /are not whole/);
    assert.deepEqual(listSnapshots(join(folder, 'none')).epochs, []);
  } finally {
    store.close();
  }
});
