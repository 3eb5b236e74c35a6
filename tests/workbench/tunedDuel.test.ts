import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { tuningSeeds } from '../../src-shared/tune.ts';
import { openStore } from '../../src-main/store/store.ts';
import { runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-tuned-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = parseExperiment(
  `name: Tuned
data: { demo: { people: 10, imagesPerPerson: 8 } }
prepare: { inputSize: 32 }
split: { seed: perSeed, query: 0.2, distractors: 0.1 }
model: { embeddingSize: 8 }
training: { epochs: 1, batchSize: 32, learningRate: 0.01 }
seeds: 2
tune: { knobs: { training.learningRate: [0.02, 0.1] }, seeds: 1 }
arms: [{ name: CE, loss: crossEntropy }, { name: ArcFace, loss: { name: arcFace, marginRadians: 0.2, scale: 16 } }]
`,
  'tuned.yaml',
);

async function run() {
  const store = openStore(folder);
  const notices: string[] = [];
  const quiet = () => undefined;
  try {
    const { report } = await runExperiment(
      {
        store,
        plan,
        baseFolder: folder,
        rerunCommand: 'again',
        signal: new AbortController().signal,
        progress: { stage: quiet, step: quiet, notice: (text) => notices.push(text) },
      },
      { interrupted: 'refuse', compiled: true, engine: 'cpu' },
    );
    return {
      notices,
      report: readFileSync(report, 'utf8'),
      rows: store.runs().map((row) => ({ ...row, tuned: store.result(row.id, 'tuned') })),
    };
  } finally {
    store.close();
  }
}

test('arms are tuned with seeds of their own, then compared with others, each seed on its own split', async () => {
  const first = await run();
  const trials = first.rows.filter(({ status }) => status === 'trained');
  const compared = first.rows.filter(({ status }) => status === 'done');
  assert.deepEqual([trials.length, compared.length], [4, 4]);
  assert.ok(trials.every(({ seed }) => tuningSeeds(plan).includes(seed)));
  for (const seed of plan.seeds) {
    const own = compared.filter((row) => row.seed === seed);
    assert.equal(new Set(own.map(({ splitHash }) => splitHash)).size, 1, 'a pair shares its split');
  }
  assert.equal(new Set(compared.map(({ splitHash }) => splitHash)).size, 2, 'each seed has its own split');
  assert.ok(compared.every(({ tuned }) => Object.keys(tuned as object).join() === 'training.learningRate'));
  assert.match(first.report, /- Each at its best of 2 learning rates: Preliminary, from 2 pairs only: /);
  assert.match(first.report, /\| CE \| 0\.02 \|/);
  assert.match(first.report, /Each seed drew a split of its own \(2 splits\)/);
  const again = await run();
  assert.deepEqual(
    again.rows.map(({ id }) => id),
    first.rows.map(({ id }) => id),
    'what is done is not trained again',
  );
  assert.equal(again.report, first.report);
});
