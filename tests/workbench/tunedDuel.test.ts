import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import { tuningSeeds } from '../../src-shared/tune.ts';
import { valImages } from '../../src-main/split/valPeople.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { checkReality } from '../../src-main/workbench/experiment/checkReality.ts';
import { splitOfSeed, tuningRuns } from '../../src-main/workbench/experiment/plannedRuns.ts';
import { gatherSplit, runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-tuned-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = parseExperiment(
  `name: Tuned
data: { demo: { people: 14, imagesPerPerson: 8 } }
prepare: { inputSize: 32 }
split: { seed: perSeed, query: 0.15, distractors: 0.1, valPeople: 0.2, train: 0.5, val: 0.25, test: 0.25 }
model: { embeddingSize: 8 }
training: { epochs: 6, batchSize: 16, learningRate: 0.01 }
seeds: 2
tune: { knobs: { training.learningRate: [0.02, 0.1] }, seeds: 1 }
evaluation: { select: identification }
arms: [{ name: CE, loss: crossEntropy }, { name: ArcFace, loss: { name: arcFace, marginRadians: 0.2, scale: 16 } }]
`,
  'tuned.yaml',
);
const quiet = () => undefined;
const optionsOf = (store: Store): StageOptions => ({
  store,
  plan,
  baseFolder: folder,
  rerunCommand: 'again',
  signal: new AbortController().signal,
  progress: { stage: quiet, step: quiet, notice: quiet },
});

/** Keeps all trials but the last as if they were trained: the higher rate is better by identification, not accuracy. */
function keepTrials(store: Store, faces: Awaited<ReturnType<typeof gatherSplit>>): void {
  store.savePlan(planHash(plan), plan);
  for (const { id, arm, seed, split, armPlan } of tuningRuns(plan, faces).slice(0, -1)) {
    store.createRun({ id, experiment: plan.name, arm, seed, planHash: planHash(plan), splitHash: split.hash });
    const isHigh = armPlan.settings?.['training.learningRate'] === 0.1;
    const points = { 'val/accuracy': isHigh ? 0.1 : 0.9, 'val/identification': isHigh ? 0.2 : 0.1, 'val/loss': 1 };
    store.addPoints(
      Object.entries(points).map(([name, value]) => ({ run: id, name, value, step: 1, epoch: 1, at: 0 })),
    );
    store.saveResult(id, 'summary', { bestEpoch: 1, evaluation: null });
    store.updateRun(id, { status: 'trained', finishedAt: new Date().toISOString() });
  }
}

async function run() {
  const store = openStore(folder);
  try {
    const faces = await gatherSplit(optionsOf(store));
    if (store.runs().length === 0) keepTrials(store, faces);
    const { report } = await runExperiment(optionsOf(store), {
      interrupted: 'refuse',
      compiled: true,
      engine: 'cpu',
    });
    const valuesOf = (id: string, name: string) => store.curve(id, name).map(([, , value]) => value as number);
    const rows = store.runs().map((row) => ({
      ...row,
      tuned: store.result(row.id, 'tuned'),
      summary: store.result(row.id, 'summary') as TrainedSummary,
      accuracy: valuesOf(row.id, 'val/accuracy'),
      identification: valuesOf(row.id, 'val/identification'),
      loss: valuesOf(row.id, 'val/loss'),
    }));
    return { report: readFileSync(report, 'utf8'), rows, faces };
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
  for (const { arm, tuned } of compared)
    if (arm === 'CE') assert.deepEqual(tuned, { 'training.learningRate': 0.1 }, 'val chose by identification');
  assert.match(
    first.report,
    /- Each at its best of 2 learning rates \(for CE and ArcFace, at the edge of those tried\): preliminary, from 2 /,
  );
  assert.match(first.report, /\| CE \| 0\.1 \| 20\.0 % \| 1 \| — \| chosen \|/);
  assert.match(first.report, /\| `training.learningRate` \| val TPR \| val loss \|/);
  assert.match(first.report, /Each seed drew a split of its own \(2 splits\)/);
  checkJudgedEpochs(first, compared);
  const again = await run();
  assert.deepEqual(
    again.rows.map(({ id }) => id),
    first.rows.map(({ id }) => id),
    'what is done is not trained again',
  );
  assert.equal(again.report, first.report);
  await checkRanks();
});

/** The ranks of a reality check come from the same runs, and name the report of each dataset. */
async function checkRanks(): Promise<void> {
  const store = openStore(folder);
  try {
    const before = store.runs().length;
    const train = { interrupted: 'refuse', compiled: true, engine: 'cpu' } as const;
    const { report, lines } = await checkReality(optionsOf(store), ['demo'], train);
    assert.equal(store.runs().length, before, 'nothing is trained again');
    const text = readFileSync(report, 'utf8');
    assert.match(text, /On this dataset, .* the 2 arms .* each at its best of 2 combinations/);
    assert.match(text, /In 2 of 2 choices, val took the lowest or the highest value/);
    const [, link = ''] = /\[report of demo\]\(([^)]+)\)/.exec(text) ?? [];
    assert.ok(existsSync(join(dirname(report), link)), link);
    const single = { ...plan, split: { ...plan.split, train: 0.7, val: 0.15, test: 0.15 } };
    await assert.rejects(checkReality({ ...optionsOf(store), plan: single }, ['demo'], train), {
      message:
        /^Arms are ranked by MAP@R, which needs people with at least two test pictures, and demo has none: raise/,
    });
    assert.match(lines.join('\n'), /critical difference 1\.39\n/); // 1.96 sqrt(2 x 3 / (6 x 2))
  } finally {
    store.close();
  }
}

/** Identification of the people held out for val chooses the epoch, ties by the lower loss, and the report says so. */
function checkJudgedEpochs(
  { report, faces }: Awaited<ReturnType<typeof run>>,
  compared: Awaited<ReturnType<typeof run>>['rows'],
): void {
  assert.match(
    report,
    /evaluated at the epoch with the best val identification rate; .* false positive rate of 0\.\d+,/,
  );
  assert.match(report, /\| val, held-out people \| 3 \| 24 \|/);
  let byAccuracy = 0;
  for (const { arm, seed, summary, accuracy, identification, loss } of compared) {
    const bestOf = (values: readonly number[]) =>
      [...values.keys()].sort((a, b) => values[b]! - values[a]! || loss[a]! - loss[b]! || a - b)[0]! + 1;
    assert.equal(identification.length, plan.training.epochs);
    assert.equal(summary.bestEpoch, bestOf(identification), `${arm}, seed ${seed}`);
    if (bestOf(accuracy) === summary.bestEpoch) byAccuracy++;
    const split = splitOfSeed(faces, seed);
    const { ofOthers } = valImages(faces.set.images, { classes: split.classes, val: split.parts.val });
    assert.equal(ofOthers.length, 24);
  }
  assert.ok(byAccuracy < compared.length, 'accuracy would have chosen the same epochs: these runs cannot tell');
}
