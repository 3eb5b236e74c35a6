import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partNames, splitSchema, type PartName } from '../../src-shared/splitSchema.ts';
import { auditSplit } from '../../src-main/split/auditSplit.ts';
import type { Duplicates } from '../../src-main/split/findDuplicates.ts';
import { makeSplit, type Split } from '../../src-main/split/makeSplit.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';

/** Pictures 'person content part': equal contents are one file twice. */
function setOf(pictures: readonly string[]): PreparedSet {
  const images = pictures.map((picture, index) => {
    const [identity = '', content = '', part] = picture.split(' ') as [string, string, PartName?];
    const path = `/faces/${identity}/${index}.png`;
    return { path, identity, contentHash: content.padStart(64, '0'), perceptualHash: '', ...(part && { part }) };
  });
  return { folder: '', inputSize: 32, count: images.length, hash: 'set', images, rejected: [], alignment: '' };
}
const people = ['ann', 'bob', 'cleo', 'dan', 'eve'].flatMap((person, at) =>
  Array.from({ length: 8 }, (_, index) => `${person} ${10 * at + index + 1}`),
);
const near = (...nearPairs: readonly (readonly [number, number])[]): Duplicates => ({ nearPairs, skipped: false });
const rule = splitSchema.parse({ query: 0, distractors: 0 });
const partOf = (split: Split, index: number) => partNames.find((part) => split.parts[part].includes(index));

test('without duplicates, resolving changes nothing', () => {
  const hashOf = (duplicates: 'resolve' | 'block') => makeSplit(setOf(people), { ...rule, duplicates }).hash;
  assert.equal(hashOf('resolve'), hashOf('block'));
});

test('identical files of one person are kept once', () => {
  const split = makeSplit(setOf([...people, 'ann 1', 'ann 1']), rule);
  assert.deepEqual(split.resolved, [{ kind: 'identical', kept: [0], leftOut: [40, 41] }]);
  assert.equal(partOf(split, 40), undefined);
  // The others are split as if the copies had not been there.
  assert.deepEqual(split.parts, makeSplit(setOf(people), rule).parts);
});

test('near-identical pictures of one person go into one part, for many seeds', () => {
  const duplicates = near([0, 1], [1, 2], [9, 10]);
  for (let seed = 0; seed < 30; seed++) {
    const split = makeSplit(setOf(people), { ...rule, seed }, duplicates);
    assert.equal(partOf(split, 0), partOf(split, 2));
    assert.equal(partOf(split, 9), partOf(split, 10));
    assert.deepEqual(
      split.resolved.map(({ kept }) => kept),
      [
        [0, 1, 2],
        [9, 10],
      ],
    );
    assert.deepEqual(auditSplit(setOf(people), split, duplicates).findings, []);
  }
});

test('pictures under two names are left out, unless they are allowed or one of the people is left out', () => {
  const set = setOf([...people, 'bob 1']);
  const duplicates = near([16, 24]);
  const split = makeSplit(set, rule, duplicates);
  assert.deepEqual(split.resolved, [
    { kind: 'two-names', kept: [], leftOut: [0, 40] },
    { kind: 'two-names', kept: [], leftOut: [16, 24] },
  ]);
  assert.deepEqual(auditSplit(set, split, duplicates).findings, []);
  const allowed = { ...rule, allowFindings: ['near-identical'] };
  assert.equal(makeSplit(set, allowed, duplicates).resolved.length, 1);
  const without = { ...rule, assign: { bob: 'left out', dan: 'left out' } as const };
  assert.deepEqual(makeSplit(set, without, duplicates).resolved, []);
});

test('block refuses what resolve leaves out, and allow lets it be', () => {
  const set = setOf([...people, 'bob 1']);
  const audit = (duplicates: 'block' | 'allow') =>
    auditSplit(set, makeSplit(set, { ...rule, duplicates }), near()).findings.map(({ kind, blocking }) => [
      kind,
      blocking,
    ]);
  assert.deepEqual(audit('block'), [['identical-content', true]]);
  assert.deepEqual(audit('allow'), [['identical-content', false]]);
});

test('one person with six copies of one picture is left out by name, and the others are split', () => {
  const split = makeSplit(setOf([...people, ...Array.from({ length: 6 }, () => 'zoe 99')]), rule);
  assert.deepEqual(split.skipped, [{ identity: 'zoe', images: 1, reason: 'few images' }]);
  assert.equal(split.classes.length, 5);
  const few = makeSplit(setOf([...people, 'zoe 98', 'zoe 99']), { ...rule, minImages: 1 });
  assert.deepEqual(few.skipped, [{ identity: 'zoe', images: 2, reason: 'few different pictures' }]);
});

test('in a given split, near-identical pictures of one person stay in train and leave val and test', () => {
  const set = setOf(['ann 1 test', 'ann 2 train', 'ann 3 val', 'ann 4 val', 'bob 5 train', 'bob 6 val', 'bob 5 test']);
  const split = makeSplit(set, splitSchema.parse({}), near([0, 1], [1, 2]));
  assert.deepEqual(split.parts, { train: [1, 4], val: [3, 5], test: [], query: [], distractors: [] });
  assert.deepEqual(split.resolved, [
    { kind: 'identical', kept: [4], leftOut: [6] },
    { kind: 'near-identical', kept: [1], leftOut: [2, 0] },
  ]);
});

test('who stands in query and in train is a finding of a given split', () => {
  const set = setOf(['ann 1 train', 'ann 2 val', 'bob 3 train', 'bob 4 val', 'ann 5 query', 'bob 6 distractors']);
  const split = makeSplit(set, splitSchema.parse({}));
  assert.deepEqual(
    auditSplit(set, split, near()).findings.map(({ name, blocking }) => [name, blocking]),
    [
      ['held-out-identity-in-training:ann', true],
      ['held-out-identity-in-training:bob', true],
    ],
  );
});
