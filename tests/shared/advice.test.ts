import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceBeforeTraining, adviceSentence, widestSeparation, type SplitFacts } from '../../src-shared/advice.ts';
import { lowestLoss, scaleFor } from '../../src-shared/lowestLoss.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';

const enough: SplitFacts = {
  trainImages: Array.from({ length: 500 }, () => 50),
  testImages: 5000,
  positives: 10_000,
  negatives: 1_000_000,
};
const calm = { seeds: [1, 2, 3, 4, 5, 6, 7, 8], training: { batchSize: 128, learningRate: 0.05 } };
const said = (plan: object, facts: Partial<SplitFacts> = {}) =>
  adviceBeforeTraining(experimentSchema.parse({ ...calm, ...plan }), { ...enough, ...facts }).map((advice) =>
    adviceSentence(advice, reportTexts('en')),
  );
const arms = (...losses: unknown[]) => ({ arms: losses.map((loss, index) => ({ name: `arm ${index + 1}`, loss })) });

test('nothing is said against a plan that is sound', () => {
  assert.deepEqual(said({}), []);
  assert.deepEqual(
    said(arms('crossEntropy', { name: 'arcFace', marginRadians: 0.3, scale: 32 }), {
      trainImages: Array.from({ length: 40 }, () => 6),
    }),
    [],
  );
});

test('few people who choose the epoch are warned of, where they choose it', () => {
  const select = { evaluation: { select: 'identification' } };
  assert.match(said(select, { valPeople: 4 }).join(), /^Only 4 people are held out for val, .* raise split\.valPeople/);
  assert.deepEqual(said(select, { valPeople: 10 }), []);
  assert.deepEqual(said({ split: { valPeople: 0.1 } }, { valPeople: 4 }), []);
});

test('the lowest loss is that of a regular simplex, and its inverse the scale', () => {
  // Softmax cross-entropy of 10 unit centres with cosines of -1/9 to one another, at s = 3, term by term.
  const others = Array.from({ length: 9 }, () => Math.exp(3 * (-1 / 9)));
  const direct = -Math.log(Math.exp(3) / (Math.exp(3) + others.reduce((sum, value) => sum + value, 0)));
  assert.ok(Math.abs(lowestLoss(3, 10) - direct) < 1e-12);
  for (const [scale, classes] of [
    [1, 10],
    [8, 500],
    [20, 10_177],
  ] as const)
    assert.ok(Math.abs(scaleFor(lowestLoss(scale, classes), classes) - scale) < 1e-9);
});

test('the widest separation: simplex, circle, octahedron and icosahedron', () => {
  assert.ok(Math.abs(widestSeparation(3, 2) - (2 * Math.PI) / 3) < 1e-12);
  assert.ok(Math.abs(widestSeparation(4, 128) - Math.acos(-1 / 3)) < 1e-12);
  assert.ok(Math.abs(widestSeparation(6, 3) - Math.PI / 2) < 1e-12);
  assert.ok(Math.abs(widestSeparation(12, 3) - Math.acos(1 / Math.sqrt(5))) < 1e-12);
  assert.equal(widestSeparation(500, 128), Math.PI / 2);
});

test('s too small for the classes is said with the loss that it cannot pass, for each term of a sum', () => {
  const [sentence, ...rest] = said(
    arms('crossEntropy', {
      name: 'sum',
      terms: [{ loss: { name: 'arcFace', marginRadians: 0.3, scale: 4 } }, { weight: 0.1, loss: 'center' }],
    }),
  );
  assert.deepEqual(rest, []);
  assert.match(
    sentence ?? '',
    /^arm 2: with s = 4 and 500 classes, the loss cannot fall below 2\.31, .* It can fall below 0\.01 from s = 11 on\.$/,
  );
  assert.ok(Math.abs(lowestLoss(4, 500) - 2.31) < 0.005 && lowestLoss(11, 500) < 0.01 && lowestLoss(10, 500) > 0.01);
});

test(
  'm too large is said by the loss at the start and by the room on the sphere; arms of whom the same is true ' +
    'are named together',
  () => {
    const few = { trainImages: Array.from({ length: 500 }, () => 10) };
    assert.match(
      said(arms('crossEntropy', 'arcFace', 'arcFace'), few)[0] ?? '',
      /^arm 2 and arm 3: with m = 0\.5 and s = 64, an untrained network starts at a loss of about 36\.9, 5\.94 times the 6\.21 of plain softmax\. 5,000 training images may be too few .* m = 0\.3 with s = 32 starts at 15\.7\.$/,
    );
    assert.match(
      said({
        ...arms('crossEntropy', { name: 'arcFace', marginRadians: 0.4, scale: 32 }),
        model: { embeddingSize: 3 },
      })[0] ?? '',
      /^arm 2: 500 centres in 3 dimensions cannot all be more than 9\.7\d?° apart, but m asks for 22\.9°/,
    );
  },
);

test(
  'a learning rate far from the usual one for the batch is said with both, by the optimiser and for the arm ' +
    'that sets it',
  () => {
    assert.match(
      said({ training: { batchSize: 64, learningRate: 1 } })[0] ?? '',
      /^cross-entropy and ArcFace: the learning rate 1 is 40 times the usual 0\.025 for SGD with batches of 64 images\. Training may diverge; try 0\.025 to 0\.1\.$/,
    );
    assert.match(
      said({ training: { optimizer: 'adam', learningRate: 0.1 } })[0] ?? '',
      /100 times the usual 0\.001 for Adam/,
    );
    assert.match(
      said({
        arms: [
          { name: 'one', loss: 'crossEntropy' },
          { name: 'two', loss: 'crossEntropy', settings: { 'training.learningRate': 0.0001 } },
        ],
      })[0] ?? '',
      /^two: the learning rate 0\.0001 is 500 times below the usual 0\.05/,
    );
  },
);

test('few images, few test images, an FPR that is not carried and few seeds are said with their counts', () => {
  assert.match(
    said(arms('crossEntropy', 'adaCos'), { trainImages: [9, 3, 3, 1] })[0] ?? '',
    /^Half of the 4 people have at most 3 training images, and the fewest is 1\./,
  );
  assert.match(said({}, { testImages: 60 })[0] ?? '', /^The test part has 60 images: .* within 8 percentage points/);
  assert.match(
    said({}, { negatives: 3900 })[0] ?? '',
    /^3,900 negative pairs are too few for FPR 0\.0001: one false positive takes 10,000\./,
  );
  assert.match(said({}, { positives: 0 })[0] ?? '', /no pairs to measure/);
  assert.match(said({ seeds: [1] })[0] ?? '', /^One seed gives one pair/);
  assert.match(
    said({ seeds: [1, 2, 3] })[0] ?? '',
    /^3 seeds give 3 pairs of runs\. With fewer than 5, the verdict is preliminary/,
  );
  assert.deepEqual(said({ seeds: [1, 2, 3, 4, 5, 6, 7] }), []);
});

test(
  'drawing some of few class centres and keeping all of very many are said, and drawn ones are what the scale ' +
    'must part',
  () => {
    const people = (count: number) => ({ trainImages: Array.from({ length: count }, () => 50) });
    const drawing = {
      training: { ...calm.training, classSampleRate: 0.1 },
      ...arms({ name: 'arcFace', marginRadians: 0.3, scale: 12 }, { name: 'cosFace', scale: 12 }),
    };
    assert.deepEqual(said(drawing, people(500)), [
      'arm 1 and arm 2: a step draws 128 of 500 class centres. Below 10,000 classes this saves almost no time ' +
        'and leaves out negatives: set training.classSampleRate to 1.',
    ]);
    assert.deepEqual(said(drawing, people(20_000)), []);
    assert.ok(lowestLoss(12, 20_000) > 0.1 && lowestLoss(12, 2000) < 0.1);
    assert.match(
      said(arms('arcFace', 'adaCos'), people(100_000)).join('\n'),
      /^arm 1: 100,000 class centres hold 13 million numbers, .* such as 0\.1 \(Partial FC\)\.$/,
    );
  },
);

test('what fine-tuning needs is said: a backbone that learns, statistics that follow, smoothed targets', () => {
  const fromImagenet = { backbone: 'efficientnet-lite0', weights: 'imagenet' };
  const people = { trainImages: Array.from({ length: 500 }, () => 17) };
  const smoothed = arms({ name: 'crossEntropy', labelSmoothing: 0.1 }, 'adaCos');
  const tuned = (training: object, model: object = fromImagenet) =>
    said({ ...smoothed, model, training: { ...calm.training, ...training } }, people);
  assert.deepEqual(tuned({ backboneRate: 0.3, freezeBackboneEpochs: 2 }), []);
  assert.deepEqual(tuned({ freezeBackboneEpochs: 20 }), [
    'arm 1 and arm 2: the backbone is frozen for 20 epochs of 20, so it never learns. Set ' +
      'training.freezeBackboneEpochs to a few epochs or to 0.',
  ]);
  assert.match(
    tuned({ freezeBackboneEpochs: 2 }, {})[0] ?? '',
    /starts at random, and freezing it for 2 epochs trains/,
  );
  assert.match(tuned({ backboneRate: 0.3 }, {})[0] ?? '', /starts at random but learns at 0\.3 times/);
  // 8,500 pictures in batches of 128 are 66 steps; 0.99 to the power of 66 is 0.52.
  assert.deepEqual(tuned({}, { ...fromImagenet, batchNormMomentum: 0.01 }), [
    "arm 1 and arm 2: batch norm's running statistics follow at 0.01 a step. After an epoch of 66 steps, 52 % of " +
      'them are still old, and val is measured with them. Set model.batchNormMomentum to 0, which means 0.1 here.',
  ]);
  assert.deepEqual(said({ ...arms('crossEntropy', 'adaCos'), model: fromImagenet }, people), [
    'arm 1: half of the people have at most 17 training images. Cross-entropy overfits them soon; set labelSmoothing ' +
      'of the loss to 0.1.',
  ]);
});
