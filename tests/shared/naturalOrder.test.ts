import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naturalOrder, naturalPlaces } from '../../src-shared/naturalOrder.ts';

test('names are ordered as people read them, and no two names are taken for one', () => {
  assert.deepEqual(['s10', 's2', 's1', 'Å', 's01', 'anna'].sort(naturalOrder), ['Å', 'anna', 's01', 's1', 's2', 's10']);
  assert.notEqual(naturalOrder('s01', 's1'), 0);
});

test('pictures come person by person, each in natural order, and every one keeps its place in the dataset', () => {
  const pictures = [
    ['s1', '10.pgm'],
    ['s1', '2.pgm'],
    ['s10', '1.pgm'],
    ['s2', '1.pgm'],
  ].map(([identity, name]) => ({ identity: identity as string, name: name as string }));
  assert.deepEqual(
    naturalPlaces(pictures, ({ name }) => name),
    [1, 0, 3, 2],
  );
});
