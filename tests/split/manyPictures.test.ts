import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { splitSchema } from '../../src-shared/splitSchema.ts';
import { identicalPictures } from '../../src-main/split/identicalPictures.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';

test('identical pictures are those that a map of their hashes groups, in the same order', () => {
  const random = randomStream(1, 'hashes');
  // Hashes, paths and nothing at all: 100,000 of them share keys of 26 bits by chance, as well as their content.
  const images = Array.from({ length: 100_000 }, (_, index) => {
    const number = random.integer(60_000);
    return { contentHash: ['', `/faces/${number}.png`, number.toString(16).padStart(64, '0')][index % 3] ?? '' };
  });
  const pictures = [...images.keys()].filter((index) => index % 5 !== 0);
  const mapped = [...groupBy(pictures, (index) => images[index]?.contentHash).values()];
  const expected = mapped.filter((group) => group.length > 1);
  assert.ok(expected.length > 5000);
  assert.deepEqual(identicalPictures(images, pictures), expected);
  assert.deepEqual(identicalPictures(images, []), []);
});

/** A set of ten people with ten pictures each, and one person with a crowd of them. */
function setWithCrowd(part: 'query' | 'distractors' | 'val' | null) {
  const crowd = 150_000; // more than a function takes arguments
  const images = [
    ...Array.from({ length: 100 }, (_, index) => ({ identity: `person ${index % 10}`, part: 'train' as const })),
    ...Array.from({ length: crowd }, () => ({ identity: 'the crowd', ...(part && { part }) })),
  ].map((image, index) => ({ ...image, contentHash: String(index) }));
  return { hash: 'set', images, crowd };
}

test('a person with more than a hundred thousand pictures is split like any other', () => {
  for (const assigned of ['training', 'distractors'] as const) {
    const { crowd, ...set } = setWithCrowd(null);
    const rule = splitSchema.parse({ from: 'drawn', assign: { 'the crowd': assigned } });
    const { parts } = makeSplit(set, rule);
    const most = Math.max(...Object.values(parts).map((part) => part.length));
    assert.ok(most >= (assigned === 'training' ? 0.6 * crowd : crowd), assigned);
  }
});

test('so is one whose parts are given', () => {
  for (const part of ['distractors', 'val'] as const) {
    const { crowd, ...set } = setWithCrowd(part);
    const rule = splitSchema.parse({ from: 'given', ...(part === 'val' && { valPeople: 0.1 }) });
    assert.equal(makeSplit(set, rule).parts[part].length >= crowd, true, part);
  }
});
