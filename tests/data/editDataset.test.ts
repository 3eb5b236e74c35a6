import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datasetEditsText, readDatasetEdits } from '../../src-shared/datasetEdits.ts';
import { makeDataset, type ReadImage } from '../../src-main/data/dataset.ts';
import { editDataset } from '../../src-main/data/editDataset.ts';

const image = (path: string, identity: string): ReadImage => ({
  path: `/faces/${path}`,
  identity,
  contentHash: `content of ${path}`,
  width: 112,
  height: 112,
});
const dataset = (...images: ReadImage[]) => makeDataset('/faces', 'folders', { images, rejected: [] });
const files = [image('1/a.png', '1'), image('1/b.png', '1'), image('2/a.png', '2'), image('3/a.png', '__proto__')];
const edited = (edits: object) => editDataset(dataset(...files), readDatasetEdits(JSON.stringify(edits)));
const contentHash = (path: string) => `content of ${path}`;

test('a renamed person is as if the source gave the new name, and two of one name are one person', () => {
  const renamed = edited({ people: [['2', { name: 'Ann' }]] });
  const asIf = dataset(...files.slice(0, 2), { ...(files[2] as ReadImage), identity: 'Ann' }, files[3] as ReadImage);
  assert.equal(renamed.hash, asIf.hash);
  assert.deepEqual(renamed.images, asIf.images);
  const merged = edited({ people: [['2', { name: '1' }]] });
  assert.deepEqual(
    merged.images.map(({ identity }) => identity),
    ['1', '1', '1', '__proto__'],
  );
  assert.equal(edited({ people: [['__proto__', { excluded: true }]] }).excluded?.length, 1);
});

test('nothing that is edited leaves a dataset as it was, and a file of other content is another picture', () => {
  const whole = dataset(...files);
  assert.equal(editDataset(whole, readDatasetEdits(null)), whole);
  const tagged = { tags: ['mine'], people: [['1', { tags: ['twin'] }]] };
  assert.equal(edited(tagged).hash, whole.hash);
  const one = (hash: string) => edited({ pictures: [['1/a.png', { contentHash: hash, excluded: true }]] });
  assert.deepEqual(one(contentHash('1/a.png')).excluded, [{ identity: '1', file: '1/a.png' }]);
  assert.equal(one('of before').hash, whole.hash);
});

test('edits are kept as text, and nothing is kept where nothing is edited', () => {
  assert.equal(datasetEditsText(readDatasetEdits(null)), null);
  assert.equal(datasetEditsText(readDatasetEdits('{"people":[["1",{"excluded":false}]]}')), null);
  const text = datasetEditsText(
    readDatasetEdits('{"name":"Mine","pictures":[["a",{"contentHash":"c","tags":["x"]}]]}'),
  );
  assert.equal(datasetEditsText(readDatasetEdits(text)), text);
});
