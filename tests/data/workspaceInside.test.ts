import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { openStore } from '../../src-main/store/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-inside-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const people = ['Ann', 'Bo'];
for (const place of ['', 'work', 'Ann/work'])
  test(`a workspace at '${place}' of the dataset is no part of it`, async () => {
    const source = join(folder, `faces-${place.replace('/', '-')}`);
    for (const [shade, person] of people.entries()) {
      mkdirSync(join(source, person), { recursive: true });
      const background = { r: 90 * shade, g: 0, b: 0 };
      for (const name of ['1.png', '2.png'])
        await sharp({ create: { width: 9, height: 9, channels: 3, background } }).toFile(join(source, person, name));
    }
    const imported = () =>
      importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, { workspace: join(folder, 'other') });
    const { hash } = await imported();
    const workspace = join(source, place);
    openStore(workspace).close();
    for (const part of ['train', 'test'])
      for (const person of people)
        cpSync(join(source, person, '1.png'), join(workspace, 'splits', '0123', part, person, '1.png'));

    const again = await imported();
    assert.deepEqual([...new Set(again.images.map(({ identity }) => identity))], people);
    assert.equal(again.images.length, 4);
    assert.equal(again.hash, hash, 'the dataset stays the same');
    assert.deepEqual(
      again.rejected.map(({ path, reason }) => [path, reason.slice(0, 38)]),
      [[workspace.replace(/\/$/, ''), 'The folder is a workspace of ArcBench:']],
    );
  });
