import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CheckedExperiment, ExperimentDetails } from '../../src-shared/answers/experimentAnswers.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { fileSize } from '../../src-shared/fileSize.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { longestTraining, refuseTooLarge } from '../../src-shared/refuseTooLarge.ts';
import { openStore } from '../../src-main/store/store.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { comparisonRuns } from '../../src-main/workbench/experiment/plannedRuns.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import type { Split } from '../../src-main/split/makeSplit.ts';
import { jobEnd } from '../jobEnd.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-refuse-start-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const small = 'data: { source: demo, demo: { people: 12, imagesPerPerson: 8 } }\nprepare: { inputSize: 32 }\n';
const tooLarge = {
  memory:
    'prepare: { inputSize: 224 }\nmodel: { backbone: resnet50 }\ntraining: { batchSize: 4096 }\n' +
    'data: { source: demo, demo: { people: 1000, imagesPerPerson: 8 } }\n',
  batch: `${small}training: { batchSize: 512 }\n`,
} as const;

/** What a stage of the command line says, and the areas of its workspace that hold something. */
async function refusalOf(yaml: string): Promise<{ readonly said: string; readonly filled: readonly string[] }> {
  const workspace = mkdtempSync(join(folder, 'workspace-'));
  const store = openStore(workspace);
  const progress = { stage: () => undefined, step: () => undefined, notice: () => undefined };
  try {
    await gatherSplit({
      store,
      plan: parseExperiment(yaml, 'x.yaml'),
      baseFolder: folder,
      progress,
      signal: new AbortController().signal,
      rerunCommand: 'x',
    });
    return { said: 'nothing', filled: [] };
  } catch (error) {
    const filled = ['prepared', 'splits', 'runs'].filter((area) =>
      readdirSync(join(workspace, area)).some((name) => !name.startsWith('demo-')),
    );
    return { said: (error as Error).message, filled };
  } finally {
    store.close();
  }
}

test('the command line refuses what cannot fit before faces are prepared, and leaves no folder', async () => {
  const memory = await refusalOf(tooLarge.memory);
  assert.match(
    memory.said,
    /^Training needs about 1\.1 TiB of memory, and this machine has .*lower training\.batchSize/,
  );
  assert.deepEqual(memory.filled, []);
  const batch = await refusalOf(tooLarge.batch);
  assert.match(batch.said, /The arm cross-entropy cannot be trained: the training part has \d+ images, fewer than the/);
  assert.deepEqual(batch.filled, []);
  const pk = await refusalOf(`${small}training: { batchSize: 40, sampler: { name: pk, identities: 20, images: 2 } }\n`);
  assert.match(pk.said, /the pk sampler needs 20 identities a batch, but the training part has \d+/);
});

test('the screens show memory, disk and time before a start, and block what cannot fit', async () => {
  const workbench = openWorkbench({ workspace: join(folder, 'screens'), door: 'serve', roots: [folder] });
  try {
    const check = async (yaml: string) => (await workbench.call('experiments.check', { yaml })) as CheckedExperiment;
    const fits = await check(`${small}training: { batchSize: 16 }\n`);
    assert.ok(fits.estimate && fits.estimate.memoryBytes > 0 && fits.estimate.diskBytes > 12 * 8 * 32 * 32 * 3);
    assert.ok(fits.estimate.machine.memoryBytes > fits.estimate.memoryBytes);
    assert.equal(
      fits.advice.some(({ blocking }) => blocking),
      false,
    );
    for (const [knob, yaml] of [
      ['training.batchSize', tooLarge.memory],
      ['training.batchSize', tooLarge.batch],
    ] as const)
      assert.ok((await check(yaml)).advice.some((advice) => advice.blocking && advice.knob === knob));
    const saved = (await workbench.call('experiments.save', { id: null, yaml: tooLarge.batch })) as ExperimentDetails;
    const job = (await workbench.call('experiments.start', { id: saved.id, interrupted: 'refuse' })) as Job;
    const ended = await jobEnd(job, () => workbench.call('jobs.list', {}) as Promise<readonly Job[]>);
    assert.match(JSON.stringify(ended), /fewer than the batch size 512/);
  } finally {
    await workbench.close();
  }
});

test('memory, disk and time are compared with the machine; a rate that may be off blocks only what is sure', () => {
  const estimate = {
    memoryBytes: 2 ** 40,
    diskBytes: 2 ** 40,
    machine: { memoryBytes: 2 ** 33, freeDiskBytes: 2 ** 30 },
    seconds: 7 * longestTraining,
    rate: { imagesPerSecond: 1, from: { kind: 'runs', runs: 1 } },
  } as const;
  assert.deepEqual(
    refuseTooLarge(estimate).map(({ knob }) => knob),
    ['training.batchSize', 'data.source', 'training.epochs'],
  );
  assert.match(refuseTooLarge(estimate)[1]?.sentence ?? '', /writes about 1 TiB, .* has 1 GiB free/);
  const roomy = { ...estimate, machine: { memoryBytes: 2 ** 41, freeDiskBytes: null } };
  const unsure = { imagesPerSecond: 1, from: { kind: 'machine', gigaflops: 1, device: 'cpu' } } as const;
  assert.deepEqual(refuseTooLarge({ ...roomy, seconds: 2 * longestTraining, rate: unsure }), []);
  assert.deepEqual(refuseTooLarge({ ...roomy, seconds: null, rate: null }), []);
});

test('a size is two digits with its unit', () => {
  assert.deepEqual([0, 2 ** 20, 1.5 * 2 ** 30, 1.1 * 2 ** 40, 2 ** 60].map(fileSize), [
    '0 KiB',
    '1 MiB',
    '1.5 GiB',
    '1.1 TiB',
    '1024 PiB',
  ]);
});

test('a hundred million demo pictures and a hundred thousand seeds are refused as they are read', () => {
  const read = (yaml: string) => () => parseExperiment(yaml, 'x.yaml');
  assert.throws(
    read('data: { demo: { people: 100000, imagesPerPerson: 1000 } }\n'),
    /the demo would have 100,000,000 pictures, more than the 1,000,000 that are drawn; lower people/,
  );
  const seeds = Array.from({ length: 100_000 }, (_, index) => index);
  assert.throws(read(`seeds: [${seeds.join(', ')}]\n`), /'seeds' has the wrong length; expected at most 1000 entries/);
});

test('the plan is hashed once for all its runs, not once a run', () => {
  const plan = parseExperiment('name: many\n', 'x.yaml');
  const seeds = Array.from({ length: 20_000 }, (_, index) => index);
  const started = performance.now();
  const store = openStore(mkdtempSync(join(tmpdir(), 'arcbench-many-')));
  const runs = comparisonRuns(store, { ...plan, seeds }, { split: { hash: 's' } as Split });
  store.close();
  assert.equal(new Set(runs.map(({ id }) => id)).size, 40_000);
  assert.ok(performance.now() - started < 10_000, 'once a run would take many minutes');
});
