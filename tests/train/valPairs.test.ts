import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { measuredValPeople, valPairs } from '../../src-main/train/valPairs.ts';

test('val identification is measured at the rate that a verdict would rest on, and needs pairs of both kinds', () => {
  const rates = [0.5, 0.1, 0.01, 0.001];
  const labelsOf = (people: number, images: number) =>
    Array.from({ length: people * images }, (_, place) => place % people);
  // 4 people of 2 pictures: 4 pairs of one person, 24 of two; half of them are 12, so no rate has 30 negatives.
  assert.deepEqual(valPairs(labelsOf(4, 2), rates), { positives: 4, negatives: 24, falsePositiveRate: 0.5 });
  // 10 people of 4: 780 pairs, 60 of one person; a tenth of 720 is 72, a hundredth 7.
  assert.deepEqual(valPairs(labelsOf(10, 4), rates), { positives: 60, negatives: 720, falsePositiveRate: 0.1 });
  assert.equal(valPairs(labelsOf(20, 20), rates)?.falsePositiveRate, 0.01);
  assert.equal(valPairs(labelsOf(5, 1), rates), null, 'nobody has two pictures');
  assert.equal(valPairs(labelsOf(1, 5), rates), null, 'there is one person');
  assert.equal(valPairs([0, 0, 1], rates)?.falsePositiveRate, 0.5);
});

test('many val people are measured by as many of them, drawn by the seed, as an epoch can afford', () => {
  const labels = Int32Array.from({ length: 2000 }, (_, place) => Math.floor(place / 10));
  const images = { indexes: [...labels.keys()].map((place) => 5 * place), labels };
  const measured = measuredValPeople(images, 1);
  assert.equal(measured.indexes.length, 500);
  assert.equal(new Set(measured.labels).size, 50, 'whole people');
  measured.indexes.forEach((index, place) => assert.equal(measured.labels[place], labels[index / 5]));
  assert.deepEqual(measuredValPeople(images, 1), measured);
  assert.notDeepEqual(measuredValPeople(images, 2), measured);
});

test('identification holds out a tenth of the people for val unless the file says otherwise, and needs some', () => {
  const planOf = (text: string) => parseExperiment(text, 'e.yaml');
  const select = 'evaluation: { select: identification }';
  assert.equal(planOf('').split.valPeople, 0);
  assert.equal(planOf(select).split.valPeople, 0.1);
  assert.equal(planOf(`${select}\nsplit: { valPeople: 0.3 }`).split.valPeople, 0.3);
  assert.equal(planOf(`${select}\nsplit: { assign: { ann: val } }`).split.valPeople, 0);
  assert.deepEqual(planOf(JSON.stringify(planOf(select))), planOf(select), 'a plan that is parsed again is the same');
  assert.throws(() => planOf(`${select}\nsplit: { valPeople: 0 }`), {
    message: /line 2: 'split\.valPeople': evaluation\.select: identification needs people who are held out for val/,
  });
});
