import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import { saveDatasetFile } from '../../src-main/data/datasetFile.ts';
import { makeWorkspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { datasetLibrary } from '../../src-main/workbench/experiment/datasetLibrary.ts';
import { resources } from '../../src-main/workbench/workspace/resources.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';

const options = { skip: process.platform === 'win32' && 'Windows lets only administrators make links.' };
const folder = mkdtempSync(join(tmpdir(), 'arcbench-links-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a link that is put in place of a picture or its folder after the import is not followed', options, async () => {
  const secret = join(folder, 'secret');
  const source = join(folder, 'faces');
  for (const path of [secret, join(source, 'Ann'), join(source, 'Bo')]) mkdirSync(path, { recursive: true });
  const picture = join(folder, 'face.png');
  await sharp({ create: { width: 40, height: 40, channels: 3, background: '#a08060' } })
    .png()
    .toFile(picture);
  for (const place of ['Ann/1.png', 'Ann/2.png', 'Bo/1.png']) copyFileSync(picture, join(source, place));
  for (const name of ['1.png', '2.png']) copyFileSync(picture, join(secret, name));

  const workspace = join(folder, 'workspace');
  makeWorkspaceFolders(workspace);
  const { data, prepare } = experimentSchema.parse({ data: { source }, prepare: { inputSize: 32 } });
  const dataset = await importDataset({ ...data, resolvedSource: source }, { workspace });
  assert.equal(dataset.images.length, 3);
  await saveDatasetFile(workspace, dataset);

  rmSync(join(source, 'Ann', '1.png'));
  symlinkSync(join(secret, '1.png'), join(source, 'Ann', '1.png'));
  renameSync(join(source, 'Bo'), join(folder, 'Bo'));
  symlinkSync(secret, join(source, 'Bo'));

  const set = await prepareDataset(dataset, prepare, { workspace, roots: [folder] });
  assert.deepEqual(
    set.images.map(({ path }) => path),
    [join(source, 'Ann', '2.png')],
  );
  assert.deepEqual(
    set.rejected.map(({ path }) => path),
    [join(source, 'Ann', '1.png'), join(source, 'Bo', '1.png')],
  );
  for (const { reason } of set.rejected) assert.match(reason, /symbolic link leads out of the source/);

  const library = datasetLibrary({ store: { workspace, datasets: () => [], dataset: () => null } });
  const packed = async () => new Uint8Array();
  const shown = resources({ workspace, library, roots: [source], packed, exported: packed });
  const original = (index: number) => shown.read(`pictures/original/${dataset.hash}/${index}?side=32`);
  assert.equal(await original(0), null);
  assert.notEqual(await original(1), null);
  assert.equal(await original(2), null);
  shown.close();
});

test('links that the command line followed at import are followed when faces are prepared', options, async () => {
  const elsewhere = join(folder, 'elsewhere');
  const source = join(folder, 'linked');
  for (const path of [elsewhere, join(source, 'Ann')]) mkdirSync(path, { recursive: true });
  for (const [name, background] of [
    ['1.png', '#a08060'],
    ['2.png', '#6080a0'],
  ] as const)
    await sharp({ create: { width: 40, height: 40, channels: 3, background } })
      .png()
      .toFile(join(elsewhere, name));
  symlinkSync(join(elsewhere, '1.png'), join(source, 'Ann', '1.png'));
  symlinkSync(elsewhere, join(source, 'Bo'));

  const workspace = join(folder, 'of the command line');
  makeWorkspaceFolders(workspace);
  const { data, prepare } = experimentSchema.parse({ data: { source }, prepare: { inputSize: 32 } });
  const dataset = await importDataset({ ...data, resolvedSource: source }, { workspace });
  assert.equal(dataset.images.length, 3);
  const set = await prepareDataset(dataset, prepare, { workspace });
  assert.equal(set.count, 3);
  assert.deepEqual(set.rejected, []);

  rmSync(join(source, 'Ann', '1.png'));
  symlinkSync(join(elsewhere, '2.png'), join(source, 'Ann', '1.png'));
  const smaller = { ...prepare, inputSize: 48 };
  await assert.rejects(prepareDataset(dataset, smaller, { workspace }), /1\.png has changed since it was imported/);
});
