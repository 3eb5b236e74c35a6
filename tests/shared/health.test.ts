import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { warningSentence, type RunWarning } from '../../src-shared/runWarning.ts';
import { lowestLoss } from '../../src-shared/lowestLoss.ts';
import { healthWarnings, type EpochHealth } from '../../src-shared/health.ts';

const well: EpochHealth = {
  epoch: 6,
  epochs: 10,
  warmupEpochs: 0,
  classes: 200,
  loss: 2,
  accuracy: 0.7,
  gradientNorm: 4,
  gradientClip: 5,
  targetAngleDegrees: 50,
  embeddingNorm: 12,
  marginSatisfied: 0.4,
  beyondMargin: 0,
  scale: 64,
  collapsedCentres: 0,
  unusedCentres: 3,
};
const names = (changes: Partial<EpochHealth>) =>
  healthWarnings({ ...well, ...changes }).map(({ key }) => key.slice('warning.'.length));

test('a run that is well is left in peace, and one without margin or centres too', () => {
  assert.deepEqual(names({}), []);
  assert.deepEqual(
    names({
      marginSatisfied: undefined,
      beyondMargin: undefined,
      scale: undefined,
      collapsedCentres: undefined,
      unusedCentres: undefined,
    }),
    [],
  );
});

test('the lowest loss is that of a softmax over perfectly separated classes', () => {
  for (const [scale, classes] of [
    [1, 200],
    [4, 10],
    [30, 1000],
  ] as const) {
    // All others at cosine -1/(n-1), the target at 1.
    const others = (classes - 1) * Math.exp(-scale / (classes - 1));
    assert.ok(Math.abs(lowestLoss(scale, classes) + Math.log(Math.exp(scale) / (Math.exp(scale) + others))) < 1e-9);
  }
});

test('each measure that leaves its range is named with its number and what to try', () => {
  const cases: readonly (readonly [Partial<EpochHealth>, string, RegExp])[] = [
    [
      { scale: 1 },
      'scale',
      /scale 1 and 200 classes, the loss cannot fall below 4\.3, .*Raise loss\.scale to 9 or more/,
    ],
    [{ beyondMargin: 0.3 }, 'beyondMargin', /30 % of the samples are further than π − m.*marginWarmupEpochs/],
    [{ targetAngleDegrees: 89.5, accuracy: 0.01 }, 'targetAngle', /89\.5°.*learningRate/],
    [{ marginSatisfied: 0 }, 'margin', /only 0 % .* although 70 % are right/],
    [{ gradientNorm: 900 }, 'gradientClip', /900 on average/],
    [{ gradientNorm: 900, gradientClip: 0 }, 'gradientLarge', /not clipped/],
    [{ gradientNorm: 1e-9 }, 'gradientVanished', /no longer learns/],
    [{ loss: 12, accuracy: 0.005 }, 'lossChance', /12 is above the 5\.3 of guessing among 200 classes/],
    [{ embeddingNorm: 1e-4 }, 'normsSmall', /collapse/],
    [{ embeddingNorm: 5000 }, 'normsLarge', /grow without bound/],
    [{ collapsedCentres: 1 }, 'collapsedCentres', /1 class centre of 200 lies on another/],
    [{ unusedCentres: 170 }, 'unusedCentres', /taken for 170 of the 200/],
  ];
  for (const [changes, name, words] of cases) {
    const found = healthWarnings({ ...well, ...changes });
    assert.deepEqual(
      found.map(({ key }) => key),
      [`warning.${name}`],
    );
    const [english, russian] = (['en', 'ru'] as const).map((language) =>
      warningSentence(found[0] as RunWarning, reportTexts(language)),
    ) as [string, string];
    assert.match(english, words);
    assert.match(english, /^Epoch 6: .*\.$/);
    assert.match(russian, /^Эпоха 6: [^{}]*\.$/);
    // Every number of the English sentence stands in the Russian one too, but for those of grammar and of advice.
    for (const [, number] of english.matchAll(/(?<![\w.])(\d+(?:\.\d+)?)(?=[ °,)%])/g))
      assert.ok(russian.includes((number as string).replace('.', ',')), `${number} is missing in: ${russian}`);
  }
});

test(
  'searching at the start and during warm-up is no illness, a scale too small or a margin out of reach is one ' +
    'at once',
  () => {
    assert.deepEqual(names({ epoch: 1, targetAngleDegrees: 89.5, accuracy: 0.01, unusedCentres: 190 }), []);
    assert.deepEqual(names({ epoch: 1, beyondMargin: 0.5 }), ['beyondMargin']);
    assert.deepEqual(names({ epoch: 4, warmupEpochs: 5, beyondMargin: 0.5 }), []);
    assert.deepEqual(names({ epoch: 1, scale: 1 }), ['scale']);
  },
);

test('where classes are drawn, guessing and the lowest loss are among those drawn', () => {
  assert.deepEqual(names({ classes: 100_000, drawnClasses: 100, scale: 8 }), []);
  assert.deepEqual(names({ classes: 100_000, scale: 8 }), ['scale']);
});
