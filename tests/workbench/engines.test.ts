import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { enginesOf, keepEngine } from '../../src-main/workbench/experiment/enginesOf.ts';
import { gatherSplit, runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-engines-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = experimentSchema.parse({
  name: 'engines',
  data: { demo: { people: 6, imagesPerPerson: 6 } },
  prepare: { inputSize: 32 },
  split: { query: 0.3, distractors: 0.1 },
  model: { embeddingSize: 8 },
  training: { epochs: 1, batchSize: 8, learningRate: 0.05 },
  arms: [
    { name: 'cross-entropy', loss: 'crossEntropy' },
    { name: 'ArcFace', loss: 'arcFace' },
  ],
});

test(
  'a run that is computed by other threads than the one before it is said to differ: while it trains, in its ' +
    'log, and in the report',
  async () => {
    const notices: string[] = [];
    const store = openStore(join(folder, 'workspace'));
    const before = process.env['TF_NUM_INTRAOP_THREADS'];
    try {
      const options = {
        store,
        plan,
        baseFolder: folder,
        progress: {
          stage: () => undefined,
          step: () => undefined,
          notice: (message: string) => {
            notices.push(message);
          },
        },
        signal: new AbortController().signal,
        rerunCommand: 'again',
      };
      const train = { interrupted: 'refuse', compiled: true, engine: 'cpu' } as const;
      process.env['TF_NUM_INTRAOP_THREADS'] = '1';
      await trainArms(options, await gatherSplit(options), {
        ...train,
        evaluate: true,
        only: ({ arm }) => arm === 'cross-entropy',
      });
      assert.ok(!notices.some((notice) => /different engines/.test(notice)));
      process.env['TF_NUM_INTRAOP_THREADS'] = '2';
      const { report, runs } = await runExperiment(options, train);
      const said = notices.filter((notice) =>
        /^Warning: .*different engines.* 2 threads, .*\(ArcFace, seed 1\); .* 1 thread, .*\(cross-entropy, seed 1\)/.test(
          notice,
        ),
      );
      assert.equal(said.length, 1, notices.join('\n'));
      assert.deepEqual(
        runs.map(
          (id) =>
            store.events(id).filter(({ kind, message }) => kind === 'warning' && /different engines/.test(message))
              .length,
        ),
        [0, 1],
      );
      assert.match(
        readFileSync(report, 'utf8'),
        /computed with different engines.* 1 thread, .*\(cross-entropy 1\); .* 2 threads, .*\(ArcFace 1\)\./,
      );
    } finally {
      if (before === undefined) delete process.env['TF_NUM_INTRAOP_THREADS'];
      else process.env['TF_NUM_INTRAOP_THREADS'] = before;
      store.close();
    }
  },
);

test('the list of engines is written again where a damaged log has lost it, and each engine is in it once', () => {
  const store = openStore(join(folder, 'lost'));
  try {
    store.savePlan('p', plan);
    store.saveSplit({ hash: 's', seed: 1, rule: {}, folder, manifestHash: 'm', audit: [] });
    store.createRun({ id: 'a', experiment: 'x', arm: 'ArcFace', seed: 1, planHash: 'p', splitHash: 's' });
    const engine = { device: 'cpu', tensorflow: '2.21.0', threads: 2 };
    store.saveResult('a', 'engine', engine); // what a log keeps that was cut off between the two writes
    keepEngine(store, 'a', engine);
    assert.deepEqual(store.result('a', 'engines'), [engine]);
    keepEngine(store, 'a', { ...engine, threads: 4 });
    keepEngine(store, 'a', engine);
    assert.deepEqual(store.result('a', 'engines'), [engine, { ...engine, threads: 4 }]);
    assert.deepEqual(enginesOf(store, 'a'), store.result('a', 'engines'));
    assert.deepEqual(store.result('a', 'engine'), engine);
  } finally {
    store.close();
  }
});
