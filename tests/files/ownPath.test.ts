import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hashFiles } from '../../src-main/files/hashFiles.ts';
import { isOwn } from '../../src-main/files/ownPath.ts';
import { temporaryFileOf, temporaryFolderOf, workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { writeWhole, writeWholeFolder } from '../../src-main/files/writeWhole.ts';
import { writeWholeSync } from '../../src-main/files/writeWholeSync.ts';
import { openStore } from '../../src-main/store/store.ts';
import { sweepLeftovers } from '../../src-main/workbench/workspace/sweepLeftovers.ts';

const options = { skip: process.platform === 'win32' && 'Windows has no pipes and links of this kind.' };
const folder = mkdtempSync(join(tmpdir(), 'arcbench-own-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const pipe = (path: string) => execFileSync('mkfifo', [path]);

const outside = join(folder, 'outside.txt');
writeFileSync(outside, 'precious');
const outsideFolder = join(folder, 'outside');
mkdirSync(outsideFolder);
writeFileSync(join(outsideFolder, 'kept.txt'), 'precious');

/** Puts something where ArcBench keeps a file of its own; each kind with what it is called. */
const foreign = {
  'named pipe': pipe,
  'symbolic link': (path: string) => symlinkSync(outside, path),
  folder: (path: string) => mkdirSync(path),
} as const satisfies Record<string, (path: string) => void>;

test(
  'a pipe, a link or a folder in place of a workspace file is named, not followed and not waited for',
  options,
  () => {
    for (const own of ['database', 'writerLock', 'writerId'] as const)
      for (const [kind, put] of Object.entries(foreign)) {
        const workspace = join(folder, `${own}-${kind.replace(' ', '-')}`);
        openStore(workspace).close();
        const path = workspaceFolders(workspace)[own];
        rmSync(path, { force: true });
        put(path);
        assert.throws(
          () => openStore(workspace),
          (error: Error) => error.message.startsWith(`${path} is a ${kind}, where ArcBench keeps a file of its own`),
          `${own} as a ${kind}`,
        );
        assert.ok(lstatSync(path, { throwIfNoEntry: false }), 'it is still there');
      }
    assert.equal(readFileSync(outside, 'utf8'), 'precious');
  },
);

test('a temporary name that is taken by a link, a pipe or a file is named and left as it is', options, async () => {
  const file = join(folder, 'file.txt');
  for (const [kind, put] of Object.entries(foreign)) {
    put(temporaryFileOf(file));
    await assert.rejects(writeWhole(file, 'new'), new RegExp(`is a ${kind}, where ArcBench keeps a file`));
    assert.throws(() => writeWholeSync(file, 'new'), new RegExp(`is a ${kind}, where ArcBench keeps a file`));
    assert.ok(lstatSync(temporaryFileOf(file), { throwIfNoEntry: false }));
    rmSync(temporaryFileOf(file), { recursive: true });
  }
  assert.equal(readFileSync(outside, 'utf8'), 'precious');

  const exported = join(folder, 'exported');
  for (const [kind, put] of [
    ['symbolic link', (path: string) => symlinkSync(outsideFolder, path)],
    ['named pipe', pipe],
    ['file', (path: string) => writeFileSync(path, 'mine')],
  ] as const) {
    put(temporaryFolderOf(exported));
    await assert.rejects(
      writeWholeFolder(exported, async () => undefined),
      new RegExp(`is a ${kind}, where ArcBench keeps a folder`),
    );
    assert.ok(lstatSync(temporaryFolderOf(exported), { throwIfNoEntry: false }));
    rmSync(temporaryFolderOf(exported));
  }
  assert.deepEqual(readdirSync(outsideFolder), ['kept.txt']);
});

test('leftovers that are links or pipes are not removed', options, async () => {
  const workspace = join(folder, 'swept');
  openStore(workspace).close();
  const reports = workspaceFolders(workspace).area('reports');
  symlinkSync(outsideFolder, join(reports, 'a.writing-1'));
  pipe(join(reports, 'b.json.1.tmp'));
  writeFileSync(join(reports, 'c.json.1.tmp'), '');
  await sweepLeftovers(workspace);
  assert.deepEqual(readdirSync(reports).sort(), ['a.writing-1', 'b.json.1.tmp']);
  assert.deepEqual(readdirSync(outsideFolder), ['kept.txt']);
});

test('a pipe in place of a file is not waited for when its hash is checked', options, async () => {
  const path = join(folder, 'weights');
  pipe(path);
  await assert.rejects(hashFiles(path), /is no file or folder/);
});

test(
  'what belongs to another user is not ours, unless the folder is theirs too',
  {
    skip: process.getuid?.() !== 0 && 'Only root can give files to another user.',
  },
  () => {
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    writeFileSync(join(shared, 'x'), '');
    execFileSync('chown', ['1234', join(shared, 'x')]);
    assert.equal(isOwn(join(shared, 'x')), false);
    execFileSync('chown', ['1234', shared]);
    assert.equal(isOwn(join(shared, 'x')), true);
  },
);
