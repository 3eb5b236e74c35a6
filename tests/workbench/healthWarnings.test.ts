import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { collapsedCentres } from '../../src-main/train/centreHealth.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-health-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('ill runs leave warning events that say what to try, once an epoch each; a well one leaves none', async () => {
  const arcFace = (scale: number, marginRadians: number) => ({ name: 'arcFace', scale, marginRadians });
  const plan = experimentSchema.parse({
    data: { demo: { people: 60, imagesPerPerson: 5 } },
    prepare: { inputSize: 32 },
    split: { minImages: 4, query: 0.05, distractors: 0.05 },
    model: { embeddingSize: 32 },
    training: { epochs: 4, batchSize: 16, learningRate: 0.05 },
    arms: [
      { name: 'scale 1', loss: arcFace(1, 0) },
      { name: 'margin 1.5', loss: arcFace(64, 1.5) },
      { name: 'well', loss: arcFace(24, 0.05) },
    ],
  });
  const store = openStore(folder);
  const notices: string[] = [];
  try {
    const options = {
      store,
      plan,
      baseFolder: folder,
      rerunCommand: 'test',
      signal: new AbortController().signal,
      progress: { stage: () => undefined, notice: (text: string) => notices.push(text), step: () => undefined },
    };
    const ids = await trainArms(options, await gatherSplit(options), {
      interrupted: 'refuse',
      compiled: true,
      engine: 'cpu',
      evaluate: false,
    });
    const [tooSmall, tooLarge, well] = ids.map((id) =>
      store
        .events(id)
        .filter((event) => event.kind === 'warning')
        .map((event) => event.message),
    ) as [string[], string[], string[]];
    assert.deepEqual(
      tooSmall.filter((message) => message.includes('scale 1 and')).map((message) => message.slice(0, 8)),
      ['Epoch 1:', 'Epoch 2:', 'Epoch 3:', 'Epoch 4:'],
    );
    assert.ok(
      tooLarge.some((message) => /are further than π − m/.test(message)),
      tooLarge.join('\n'),
    );
    assert.deepEqual(well, []);
    assert.equal(new Set([...tooSmall, ...tooLarge]).size, tooSmall.length + tooLarge.length);
    assert.ok(notices.includes(`Warning: ${tooSmall[0]}`));
    assert.equal(store.points(ids[0] as string).filter((point) => point.name === 'centres/collapsed').length, 4);
  } finally {
    store.close();
  }
});

test('centres on another class count, those of one class do not', () => {
  const axis = (at: number) => Array.from({ length: 8 }, (_, place) => (place === at ? 3 : 0));
  // two centres a class: 0 twice its own, 1 and 2 share axis 1
  const rows = [axis(0), axis(0), axis(1), axis(2), axis(1).map((value) => value + 0.05), axis(3)];
  assert.equal(collapsedCentres(Float32Array.from(rows.flat()), { classes: 3, size: 8 }), 2);
  assert.equal(collapsedCentres(Float32Array.from([0, 1, 2, 3, 4, 5].flatMap(axis)), { classes: 3, size: 8 }), 0);
  assert.equal(collapsedCentres(Float32Array.of(1, 0, 1, 0), { classes: 2, size: 2 }), null);
});
