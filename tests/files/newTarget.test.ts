import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { refuseFilled } from '../../src-main/data/records/writeRecords.ts';
import { refuseTaken, refuseUnwritable, writeNewFolder, writingAt } from '../../src-main/files/newTarget.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-target-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'notes.txt');
writeFileSync(file, 'x');

test('a target below a file is refused before any work, and one in folders to be made is not', () => {
  const refused = { code: 'wrong-input', message: /notes\.txt is a file: name another place/ };
  for (const target of ['x.bin', 'a/b/x.bin']) assert.throws(() => refuseUnwritable(join(file, target)), refused);
  for (const target of ['x.bin', 'a/b/x.bin']) refuseUnwritable(join(folder, target));
  assert.throws(() => refuseTaken(join(file, 'bundle')), refused);
  assert.throws(() => refuseTaken(folder), { code: 'wrong-input', message: /is there already/ });
});

test('a link that leads nowhere is refused as a target before any work', () => {
  const link = join(folder, 'broken');
  symlinkSync('nowhere', link);
  const refused = { code: 'wrong-input', message: /broken cannot be written, because a link that leads nowhere/ };
  for (const refuse of [refuseUnwritable, refuseTaken]) assert.throws(() => refuse(link), refused);
});

test('a file in place of the folder of records is named, and an empty folder is taken', async () => {
  await assert.rejects(refuseFilled(file), { code: 'wrong-input', message: /notes\.txt is a file: a new or empty/ });
  mkdirSync(join(folder, 'empty'));
  await refuseFilled(join(folder, 'empty'));
});

test('what the system refuses at the target is one sentence, and other faults stay what they are', async () => {
  const inside = join(file, 'x');
  const refused = { code: 'wrong-input', message: /cannot be written, because the system allows nothing there \(E/ };
  await assert.rejects(
    writingAt(inside, () => mkdir(`${inside}.writing-1`)),
    refused,
  );
  const target = join(folder, 'new.bin');
  await assert.rejects(
    writingAt(target, () => readFile(join(folder, 'gone'))),
    { code: 'ENOENT' },
  );
  await writingAt(target, () => writeFile(target, 'x'));
});

test('what others put at the target of a new folder meanwhile stays, and nothing is left beside it', async () => {
  const write = (target: string) => (temporary: string) => {
    writeFileSync(join(temporary, 'result'), 'x');
    mkdirSync(target);
    writeFileSync(join(target, 'mine'), 'x');
    return Promise.resolve();
  };
  const target = join(folder, 'raced');
  await assert.rejects(writeNewFolder(target, write(target)), {
    code: 'wrong-input',
    message: /raced was left as it is, and nothing was written: .*name another place/,
  });
  assert.deepEqual(readdirSync(target), ['mine']);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('raced')),
    ['raced'],
  );
  const link = join(folder, 'link');
  symlinkSync(target, link);
  assert.throws(() => refuseTaken(link), { code: 'wrong-input', message: /is there already/ });
});

test('an empty folder at the target is taken', async () => {
  const target = join(folder, 'taken');
  await writeNewFolder(target, (temporary) => {
    mkdirSync(target);
    writeFileSync(join(temporary, 'result'), 'x');
    return Promise.resolve();
  });
  assert.deepEqual(readdirSync(target), ['result']);
});

test('a full disk at the target asks for another place, not for another workspace', async () => {
  const target = join(folder, 'full');
  const full = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  await assert.rejects(writeNewFolder(target, full), { code: 'no-space', message: /or name another place\.$/ });
});
