import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { heldOutPairs } from '../../src-main/data/pairs/heldOutPairs.ts';
import { openStore } from '../../src-main/store/store.ts';
import type { Predictions } from '../../src-shared/evaluation.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';
import { drawFaces } from '../drawnFaces.ts';
import { sharedFaces } from '../sharedFaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-lfw-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const names = Array.from({ length: 16 }, (_, at) => `Person_${String.fromCharCode(65 + at)}`);
const held = names.slice(10);
const countOf = (name: string) => (held.includes(name) ? 3 : 10);

/**
 * Lays 16 people out as LFW does: pairs.txt beside lfw/Name/Name_0001.jpg. The last six people, who do not train, have
 * three pictures each.
 */
function layOut(faces: string, source: string): void {
  for (const [at, name] of names.entries()) {
    mkdirSync(join(source, 'lfw', name), { recursive: true });
    for (let number = 1; number <= countOf(name); number++)
      copyFileSync(
        join(faces, `s${at + 1}`, `${number}.png`),
        join(source, 'lfw', name, `${name}_${String(number).padStart(4, '0')}.png`),
      );
  }
  writeFileSync(join(source, 'pairs.txt'), ['2\t4', ...fold(held.slice(0, 3)), ...fold(held.slice(3)), ''].join('\n'));
}
/** The pairs of one of two folds. One line is of a person who trains and one of a picture that is not there. */
const fold = ([a, b, c]: readonly string[]) => [
  `${a}\t1\t2`,
  `${a}\t1\t3`,
  `${b}\t2\t3`,
  `${names[0]}\t1\t2`,
  `${a}\t1\t${b}\t1`,
  `${b}\t2\t${c}\t3`,
  `${a}\t3\t${c}\t1`,
  `${c}\t9\t${a}\t1`,
];

const source = join(folder, 'lfw-all');
const pairsFile = join(source, 'pairs.txt');
before(async () => {
  const faces = join(folder, 'drawn_faces');
  await drawFaces(faces, { people: names.length, pictures: 10 });
  layOut(faces, source);
});

test("LFW's layout is imported as it is", async () => {
  const dataset = await importDataset(
    { ...dataSchema.parse({ source }), resolvedSource: source },
    { workspace: folder },
  );
  assert.deepEqual([dataset.layout, dataset.images.length, dataset.rejected.length], ['folders', 10 * 10 + 6 * 3, 0]);
  assert.deepEqual([...new Set(dataset.images.map((image) => image.identity))], names);
});

test('pairs are those of people who are not trained on, in the folds of the file', () => {
  const images = names.flatMap((identity) =>
    readdirSync(join(source, 'lfw', identity))
      .sort()
      .map((file) => ({ path: join(source, 'lfw', identity, file), identity })),
  );
  const { listed, pairs } = heldOutPairs(pairsFile, images, names.slice(0, 10));
  assert.equal(listed, 16);
  assert.deepEqual(
    pairs.map(({ fold: at, same }) => [at, same]),
    [0, 1].flatMap((at) => [
      [at, true],
      [at, true],
      [at, true],
      [at, false],
      [at, false],
      [at, false],
    ]),
  );
  assert.ok(
    images[pairs[3]!.first]?.path.endsWith(`${held[0]}_0001.png`) &&
      images[pairs[3]!.second]?.path.endsWith(`${held[1]}_0001.png`),
  );
  assert.throws(() => heldOutPairs(pairsFile, images, names), /Of the 16 pairs in .*pairs\.txt, 0 are of people/);
  const wrong = (text: string) => {
    writeFileSync(join(folder, 'wrong.txt'), text);
    return () => heldOutPairs(join(folder, 'wrong.txt'), images, []);
  };
  assert.throws(wrong('ten 300\n'), /Line 1 of .* is 'ten 300': pairs as in LFW's pairs\.txt/);
  assert.throws(
    wrong('2\t1\nAnn\t1\t2\nAnn\tone\tBo\t1\n'),
    /Line 3 of .* 'name n m' or 'name n other m', as in LFW's pairs\.txt, was expected/,
  );
  assert.throws(() => heldOutPairs(join(folder, 'none.txt'), images, []), /none\.txt is not there/);
});

/** Trains two arms on the faces in `lfw-all` of a folder, and checks all that judging leaves in the store. */
async function trainAndJudge(base: string, epochs: number): Promise<void> {
  const plan = experimentSchema.parse({
    data: { source: 'lfw-all' },
    prepare: { inputSize: 32 },
    split: { minImages: 5, query: 0.2, distractors: 0.1, val: 0.2, test: 0.2, train: 0.6 },
    model: { embeddingSize: 16 },
    training: { epochs, batchSize: 14, learningRate: 0.05 },
    evaluation: { pairs: 'lfw-all/pairs.txt', flip: false },
    arms: [
      { name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } },
      { name: 'cross-entropy', loss: 'crossEntropy' },
    ],
  });
  const store = openStore(join(base, 'workspace'));
  try {
    const options = {
      store,
      plan,
      baseFolder: base,
      rerunCommand: 'test',
      signal: new AbortController().signal,
      progress: { stage: () => undefined, notice: () => undefined, step: () => undefined },
    };
    const faceSet = await gatherSplit(options);
    const ids = await trainArms(options, faceSet, {
      interrupted: 'refuse',
      compiled: true,
      engine: 'cpu',
      evaluate: true,
    });
    const [evaluation, other] = ids.map((id) => (store.result(id, 'summary') as TrainedSummary).evaluation);
    assert.ok(
      evaluation?.verification &&
        evaluation.marginFree &&
        evaluation.geometry &&
        evaluation.ranks &&
        evaluation.confusions &&
        other?.geometry?.toWeights,
    );
    assert.deepEqual(
      [
        evaluation.verification.source,
        evaluation.verification.listed,
        evaluation.verification.genuine,
        evaluation.verification.impostors,
        evaluation.verification.people,
      ],
      ['file', 16, 6, 6, 6],
    );
    const test = faceSet.split.parts.test.length;
    assert.equal(evaluation.marginFree.images, test);
    assert.equal(evaluation.geometry.marginRadians, 0.2);
    assert.equal(other.geometry.marginRadians, 0.5);
    assert.equal(evaluation.geometry.toMeans.own.count, test);
    assert.ok(evaluation.marginFree.nearestCentre.value > 0.3, JSON.stringify(evaluation.marginFree.nearestCentre));
    assert.equal(
      evaluation.marginFree.cosine?.correct,
      evaluation.accuracy.test?.top1.correct,
      'without mirrored pictures ArcFace is judged by these very cosines',
    );
    assert.equal(evaluation.ranks.byDistractors.at(-1)?.distractors, faceSet.split.parts.distractors.length);
    const predictions = store.result(ids[0] as string, 'predictions') as Predictions;
    assert.deepEqual(
      [predictions.images, predictions.labels.length, predictions.predicted.length],
      [faceSet.split.parts.test, test, test],
    );
    const wrong = predictions.images.filter((_, at) => predictions.predicted[at] !== predictions.labels[at]);
    assert.equal(evaluation.confusions.mistaken.correct, wrong.length);
    assert.deepEqual(
      evaluation.confusions.mistakes.map(({ file }) => file).sort(),
      wrong.map((index) => faceSet.set.images[index]?.path).sort(),
    );
    assert.ok(JSON.stringify(evaluation).length < 200_000);
  } finally {
    store.close();
  }
}

test(
  'a run on it is judged by its pairs, and leaves margin-free measures, ranks, angles, confusions and ' +
    'predictions in the store',
  () => trainAndJudge(folder, 20),
);

const real = sharedFaces('att_faces');
test('so does a run on real faces', { skip: real.skip }, async () => {
  const base = join(folder, 'real');
  layOut(real.path, join(base, 'lfw-all'));
  await trainAndJudge(base, 6);
});
