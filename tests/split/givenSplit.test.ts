import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partNames, splitSchema, type PartName } from '../../src-shared/splitSchema.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../src-shared/splitNotes.ts';
import { makeSplit, type Split } from '../../src-main/split/makeSplit.ts';
import type { SplitSource } from '../../src-main/split/splitParts.ts';

/** A set of one picture for each word 'person part'; a person alone has no part. */
function setOf(pictures: readonly string[]): SplitSource {
  return {
    hash: 'set',
    partsGivenBy: 'the folders train and test',
    images: pictures.map((picture, index) => {
      const [identity = '', part] = picture.split(' ') as [string, PartName?];
      return { identity, contentHash: String(index), ...(part && { part }) };
    }),
  };
}
const times = (count: number, picture: string): string[] => Array.from({ length: count }, () => picture);
const base = ['ann', 'bob'].flatMap((person) => [
  ...times(4, `${person} train`),
  `${person} val`,
  ...times(2, `${person} test`),
]);
const held = [...times(3, 'quinn query'), ...times(2, 'quentin query'), 'dora distractors'];
const shown = (set: SplitSource, split: Split) =>
  Object.fromEntries(
    partNames.map((part) => [part, split.parts[part].map((index) => set.images[index]?.identity ?? '').join(' ')]),
  );
const keysOf = ({ notes }: Split) => notes.map(({ key }) => key);

test('the parts of the source are the split, and split.minImages drops nobody', () => {
  const set = setOf([...base, ...held]);
  const split = makeSplit(set, splitSchema.parse({ minImages: 100 }));
  assert.equal(split.givenBy, 'the folders train and test');
  assert.deepEqual(split.classes, ['ann', 'bob']);
  for (const [index, { part }] of set.images.entries())
    assert.ok(split.parts[part as PartName].includes(index), `picture ${index} is not in ${part}`);
  assert.deepEqual(keysOf(split), ['split.fewImages']);
  assert.deepEqual(split.skipped, []);
  const drawn = makeSplit(set, splitSchema.parse({ from: 'drawn', minImages: 5, query: 0, distractors: 0 }));
  assert.equal(drawn.givenBy, null);
  assert.deepEqual(drawn.parts.query, []);
});

test('parts are asked for in one sentence if the source names none', () => {
  const set = setOf(times(8, 'ann'));
  assert.throws(() => makeSplit(set, splitSchema.parse({ from: 'given' })), /^.*split\.from is given, but the source/);
});

test('a missing val is drawn from train by the seed, and said', () => {
  const set = setOf(['ann', 'bob', 'cleo'].flatMap((person) => times(8, `${person} train`)).concat('solo train'));
  const splitOf = (seed: number) => makeSplit(set, splitSchema.parse({ seed, train: 0.6, val: 0.2, test: 0.2 }));
  const split = splitOf(1);
  // 0.2 of 0.2 + 0.6 of eight pictures is two of each person; someone with one picture keeps it in train.
  assert.equal(shown(set, split)['val'], 'ann ann bob bob cleo cleo');
  assert.equal(split.parts.train.length, 19);
  assert.deepEqual(splitOf(1).parts, split.parts);
  assert.notDeepEqual(splitOf(2).parts.val, split.parts.val);
  assert.deepEqual(keysOf(split), ['split.valDrawn', 'split.noTest', 'split.fewImages', 'split.noQuery']);
  assert.equal(
    splitNoteSentence(split.notes[0]!, reportTexts('en')),
    'The source gives no val, so 6 training images were drawn for it with seed 1.',
  );
  const single = setOf(['ann train', 'bob train']);
  assert.throws(() => makeSplit(single, splitSchema.parse({})), /have no val.*none can be drawn from train: add/);
});

test('people without a picture in train are held out and named', () => {
  const set = setOf([...base, 'tess test', 'tess val', 'vic val', 'vic val']);
  const split = makeSplit(set, splitSchema.parse({ minImages: 1 }));
  assert.deepEqual(split.classes, ['ann', 'bob']);
  assert.equal(shown(set, split)['query'], 'tess tess');
  assert.equal(shown(set, split)['distractors'], 'vic vic');
  assert.deepEqual(
    split.notes.map((note) => [note.key, note.people]),
    [
      ['split.testAsQuery', ['tess']],
      ['split.valAsDistractors', ['vic']],
    ],
  );
  // A source with held-out people of its own keeps to them.
  const own = setOf([...base, ...held, 'tess test', 'vic val']);
  const kept = makeSplit(own, splitSchema.parse({ minImages: 1 }));
  assert.equal(shown(own, kept)['query'], 'quinn quinn quinn quentin quentin');
  assert.deepEqual(kept.skipped, [
    { identity: 'tess', images: 1, reason: 'not in train' },
    { identity: 'vic', images: 1, reason: 'not in train' },
  ]);
  assert.deepEqual(keysOf(kept), ['split.notTrained']);
});

test('moves by hand hold in a given split', () => {
  const set = setOf([...base, ...times(6, 'cleo train'), ...times(8, 'quinn query'), 'odd']);
  const assign = { cleo: 'query', quinn: 'training', bob: 'left out' } as const;
  const split = makeSplit(set, splitSchema.parse({ assign, minImages: 1 }));
  assert.deepEqual(split.classes, ['ann', 'quinn']);
  assert.equal(shown(set, split)['query'], times(6, 'cleo').join(' '));
  for (const part of ['train', 'val', 'test'] as const) assert.match(shown(set, split)[part] ?? '', /quinn/);
  assert.deepEqual(split.skipped, [
    { identity: 'bob', images: 7, reason: 'by hand' },
    { identity: 'odd', images: 1, reason: 'no part' },
  ]);
});

test('a source without two people in train is refused in one sentence', () => {
  assert.throws(() => makeSplit(setOf(held), splitSchema.parse({})), /given by the folders train and test have nobody/);
});

test('people of val who are not in train are held out for val if the rule wants some, else people of train', () => {
  const set = setOf([...base, ...held, 'vic val', 'vic val', 'vera val', 'tess test', 'tess val']);
  const split = makeSplit(set, splitSchema.parse({ minImages: 1, valPeople: 0.1 }));
  assert.deepEqual(split.classes, ['ann', 'bob']);
  assert.equal(shown(set, split)['val'], 'ann bob vic vic vera');
  const [note] = split.notes;
  assert.deepEqual([note?.key, note?.people], ['split.valPeople', ['vera', 'vic']]);

  const people = ['ann', 'bob', 'cleo', 'dan', 'eve'];
  const trained = setOf(
    people.flatMap((person) => [...times(3, `${person} train`), `${person} val`, `${person} test`]),
  );
  const drawnOf = (seed: number) => makeSplit(trained, splitSchema.parse({ seed, minImages: 1, valPeople: 0.3 }));
  const drawn = drawnOf(1);
  const [taken] = drawn.notes;
  assert.equal(taken?.key, 'split.valPeopleDrawn');
  assert.deepEqual([...drawn.classes, ...(taken?.people ?? [])].sort(), people);
  assert.equal(taken?.people?.length, 2);
  assert.equal(drawn.parts.val.length, 3 + 2 * 4, 'a picture of each class, and train and val of who was taken out');
  assert.equal(drawn.parts.test.length, 3);
  assert.equal(drawn.parts.train.length, 9);
  assert.deepEqual(drawnOf(1).hash, drawn.hash);
  assert.ok([2, 3, 4].some((seed) => drawnOf(seed).hash !== drawn.hash));
  assert.match(splitNoteSentence(taken!, reportTexts('en')), /^2 people were taken out of train for val, .*seed 1: /);
  assert.throws(() => makeSplit(setOf(base), splitSchema.parse({ minImages: 1, valPeople: 0.3 })), {
    message: /have 2 people in train, too few to hold out 2 of them for val and train on 2: add people, lower split/,
  });
});
