import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPicture } from '../../src-main/data/pictureFile.ts';
import { readBatch } from '../../src-main/workbench/batch/batchFile.ts';

const onWindows = process.platform === 'win32' && 'Windows has no named pipes among its files.';

test('a pipe in place of a file is named, and not waited for', { skip: onWindows }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-pipe-'));
  try {
    const pipe = join(folder, 'batch.json');
    execFileSync('mkfifo', [pipe]);
    assert.throws(() => readBatch(folder), { code: 'damaged', message: /batch\.json is not what `arcbench submit`/ });
    const link = join(folder, 'picture.png');
    symlinkSync(pipe, link);
    for (const path of [pipe, link, folder])
      assert.deepEqual(readPicture(path), {
        reason: 'It is a folder, a pipe or a device, where the file of a picture was expected.',
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
