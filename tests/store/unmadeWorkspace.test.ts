import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openStore } from '../../src-main/store/store.ts';
import { unmadeWorkspace } from '../../src-main/store/unmadeWorkspace.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-unmade-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a workspace that cannot be made says what stands in its way', () => {
  writeFileSync(join(folder, 'file'), '');
  symlinkSync(join(folder, 'gone'), join(folder, 'broken'));
  symlinkSync(join(folder, 'circle'), join(folder, 'circle'));
  for (const [name, reason] of [
    ['file', 'a file or a broken link stands in its place'],
    ['file/workspace', 'a file stands where a folder should be'],
    ['broken', 'a file or a broken link stands in its place'],
    ['circle', 'its links lead in a circle'],
    ['circle/workspace', 'its links lead in a circle'],
  ] as const) {
    const workspace = join(folder, name);
    assert.throws(() => openStore(workspace), {
      code: 'wrong-input',
      message:
        `The workspace ${workspace} cannot be made: ${reason}. ` +
        'Choose a folder that can be written with --workspace.',
    });
  }
});

test('a fault of the program is not told as one of the folder', () => {
  const fault = new ReferenceError('unknown is not defined');
  assert.equal(unmadeWorkspace(fault, folder), fault);
});
