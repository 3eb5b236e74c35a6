import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asFolder, faceList, type FolderFile } from '../../src-renderer/client/droppedFolder.ts';

const file = (path: string, content = ''): FolderFile => ({
  path,
  file: new File([content], path.split('/').at(-1) ?? path),
});
const pathsOf = (files: readonly FolderFile[]): string[] => files.map(({ path }) => path);

test('one dropped folder gives its name away and its sub-folders are the people; several stay people', () => {
  const one = asFolder([file('faces/ada/1.png'), file('faces/bob/1.png')]);
  assert.equal(one?.name, 'faces');
  assert.deepEqual(pathsOf(one?.files ?? []), ['ada/1.png', 'bob/1.png']);
  const several = asFolder([file('ada/1.png'), file('bob/1.png')]);
  assert.equal(several?.name, 'faces');
  assert.deepEqual(pathsOf(several?.files ?? []), ['ada/1.png', 'bob/1.png']);
  assert.equal(asFolder([]), null);
});

test('a CSV at the top that names path and identity lists the faces; another CSV does not', async () => {
  const of = (...files: readonly FolderFile[]) => faceList({ name: 'faces', files });
  assert.equal(await of(file('list.csv', '\uFEFFpath, "identity",x0\r\na.png,ada,1\r\n'), file('a.png')), 'list.csv');
  assert.equal(await of(file('excel.csv', '\uFEFFPath;Identity\r\na.png;ada\r\n')), 'excel.csv');
  assert.equal(await of(file('notes.csv', 'day,weather\n1,rain\n'), file('ada/1.png')), null);
  assert.equal(await of(file('ada/list.csv', 'path,identity\n')), null);
});
