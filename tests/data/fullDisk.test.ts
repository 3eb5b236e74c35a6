import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-full-'));
const disk = join(folder, 'disk');
let refused = '';
before(() => {
  mkdirSync(disk);
  const { status, error, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], {
    encoding: 'utf8',
  });
  if (status !== 0) refused = `no small disk can be mounted here: ${error?.message ?? stderr.trim()}`;
});
after(() => {
  if (refused === '') spawnSync('umount', ['--lazy', disk]);
  rmSync(folder, { recursive: true, force: true });
});

test('a disk that fills up while preparing gives one sentence, and nothing half-written is kept', async (context) => {
  if (refused !== '') return context.skip(refused);
  const source = join(folder, 'people');
  for (const [person, count] of [
    ['Ann', 20],
    ['Bo', 20],
  ] as const) {
    mkdirSync(join(source, person), { recursive: true });
    for (let picture = 0; picture < count; picture++)
      await sharp({
        create: { width: 60, height: 60, channels: 3, background: `rgb(${picture},${person.length * 9},0)` },
      })
        .png()
        .toFile(join(source, person, `${picture}.png`));
  }
  const dataset = await importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, { workspace: disk });
  const free = () => statfsSync(disk).bavail;
  const before = free();
  // 40 pictures of 112 x 112 x 3 bytes are 1.4 MiB: they do not fit; of 64 x 64 they do.
  await assert.rejects(
    prepareDataset(dataset, prepareSchema.parse({ inputSize: 112 }), { workspace: disk }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'no-space');
      assert.match(
        error.message,
        /^The disk is full while writing .*\/disk\/prepared\/[0-9a-f]{64}: nothing half-written was kept; free some space or choose another --workspace, and run again\.$/,
      );
      return true;
    },
  );
  assert.deepEqual(readdirSync(join(disk, 'prepared')), []);
  assert.ok(before - free() <= 1, 'what was written takes space still'); // a block for the folder
  assert.equal((await prepareDataset(dataset, prepareSchema.parse({ inputSize: 64 }), { workspace: disk })).count, 40);

  // The pixels fit, the index does not: neither is kept.
  rmSync(join(disk, 'prepared'), { recursive: true });
  const block = statfsSync(disk).bsize;
  writeFileSync(join(disk, 'others'), Buffer.alloc(free() * block - 40 * 64 * 64 * 3 - 2 * block));
  await assert.rejects(prepareDataset(dataset, prepareSchema.parse({ inputSize: 64 }), { workspace: disk }), {
    code: 'no-space',
  });
  assert.deepEqual(readdirSync(join(disk, 'prepared')), []);
});
