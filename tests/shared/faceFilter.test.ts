import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faceFilter, type FilteredPicture } from '../../src-shared/faceFilter.ts';

const picture = (changes: Partial<FilteredPicture>): FilteredPicture => ({
  identity: 'Ann',
  name: 'Ann/1.png',
  tags: [],
  images: 5,
  width: 112,
  height: 90,
  faces: null,
  excluded: false,
  corrected: false,
  ...changes,
});
const pictures = {
  a: picture({ tags: ['Blurred'], width: 40 }),
  b: picture({ identity: 'Bo', name: 'Bo/2.png', images: 2, excluded: true, faces: 0 }),
  c: picture({ identity: 'Bo', name: 'Bo/3.png', images: 2, corrected: true, width: null }),
};
const kept = (filter: string): string =>
  Object.entries(pictures)
    .filter(([, each]) => faceFilter(filter)(each))
    .map(([name]) => name)
    .join('');

test('words and conditions of a filter of faces must all hold', () => {
  assert.equal(kept(''), 'abc');
  assert.equal(kept('bo'), 'bc');
  assert.equal(kept('bo 3.png'), 'c');
  assert.equal(kept('images < 5'), 'bc');
  assert.equal(kept('images<=2 excluded=no'), 'c');
  assert.equal(kept('width < 50'), 'a'); // a width that is unknown fits no condition
  assert.equal(kept('height != 90'), '');
  assert.equal(kept('faces = 0'), 'b');
  assert.equal(kept('tag = blurred'), 'a');
  assert.equal(kept('tag != blurred'), 'bc');
  assert.equal(kept('excluded'), 'b');
  assert.equal(kept('corrected != yes'), 'ab');
  assert.equal(kept('person = BO'), 'bc');
});

test('a wrong word of a filter of faces is named, with what was expected', () => {
  const faults = {
    'widht < 3': /does not know “widht”; did you mean width\? It knows images, width, .* and person\.$/,
    'colour = red': /does not know “colour”.* It knows/,
    'images < few': /^images is a number: “few” was given/,
    'excluded > 3': /^excluded is yes or no/,
    'tag < x': /^tag can only be compared by = or !=/,
  };
  for (const [filter, message] of Object.entries(faults)) assert.throws(() => faceFilter(filter), { message }, filter);
});
