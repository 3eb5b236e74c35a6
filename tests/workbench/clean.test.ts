import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bytesBelow } from '../../src-main/files/bytesBelow.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { findRemovable } from '../../src-main/workbench/workspace/clean/findRemovable.ts';
import { removeFolders } from '../../src-main/workbench/workspace/clean/removeFolders.ts';
import { sweepLeftovers } from '../../src-main/workbench/workspace/sweepLeftovers.ts';
import { childEnd } from '../childEnd.ts';
import { fillWithRemovable, orphanedReports, planHash, prepared, removable, write } from './removableWorkspace.ts';

let folder = '';
let workspace = '';
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcbench-clean-'));
  workspace = join(folder, 'workspace');
  store = openStore(workspace);
  fillWithRemovable(store);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const idsOf = async () => (await findRemovable(store)).map(({ id }) => id);
const filesBelow = () =>
  readdirSync(workspace, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.db') && entry.name !== 'writer.pid')
    .map((entry) => join(entry.parentPath, entry.name).slice(workspace.length + 1))
    .sort();

test('what nothing needs is named with its size, and only that is removed', async () => {
  const found = await findRemovable(store);
  assert.deepEqual(
    found.map(({ id, bytes }) => [id, bytes]),
    removable.map((id) => [id, id.startsWith('split') ? 10 : 1000]),
  );
  assert.match(found[0]!.title, /ArcFace, seed 1 \(Clean\)/);
  const before = filesBelow();
  assert.deepEqual(await removeFolders(store, removable), { removed: 6, bytes: 5010, kept: [] });
  const gone = before.filter((file) => !filesBelow().includes(file));
  assert.deepEqual(gone.sort(), [
    `prepared/${prepared('b')}/images.bin`,
    ...orphanedReports.map((name) => `reports/${name}/report.md`),
    'runs/finished/checkpoints/last/state.bin',
    `splits/${'6'.repeat(16)}/manifest.json`,
    'uploads/old/a.jpg',
  ]);
  assert.deepEqual(await idsOf(), []);
  assert.ok(!existsSync(join(workspace, 'removing')));
});

test('nothing is removed that was not chosen, or that came into use after the choice', async () => {
  const chosen = removable.slice(1, 3);
  store.createRun({ id: 'new', experiment: 'x', arm: 'a', seed: 2, planHash, splitHash: '6'.repeat(64) });
  store.saveResult('new', 'faces', { prepared: prepared('b') });
  const before = filesBelow();
  assert.deepEqual(await removeFolders(store, [...chosen, '../../etc', 'runs/stopped']), {
    removed: 0,
    bytes: 0,
    kept: [],
  });
  assert.deepEqual(filesBelow(), before);
});

test('links lead nowhere: neither their targets nor areas that lie elsewhere are touched', async () => {
  const folders = workspaceFolders(workspace);
  const outside = join(folder, 'outside');
  write(join(outside, prepared('c'), 'images.bin'));
  symlinkSync(join(outside, prepared('c')), folders.preparedSet(prepared('c')));
  rmSync(folders.area('reports'), { recursive: true });
  write(join(outside, 'reports', 'd'.repeat(12), 'report.md'));
  symlinkSync(join(outside, 'reports'), folders.area('reports'));
  const { checkpoints } = folders.filesOfRun('finished');
  rmSync(checkpoints, { recursive: true });
  symlinkSync(outside, checkpoints);
  await removeFolders(store, [...(await idsOf()), `prepared/${prepared('c')}`, `report/${'d'.repeat(12)}`]);
  assert.deepEqual(readdirSync(outside, { recursive: true }).map(String).sort(), [
    prepared('c'),
    `${prepared('c')}/images.bin`,
    'reports',
    `reports/${'d'.repeat(12)}`,
    `reports/${'d'.repeat(12)}/report.md`,
  ]);
});

test('a file that also lies elsewhere frees nothing', async () => {
  write(join(folder, 'photographs', 'a.jpg'), 500);
  mkdirSync(join(folder, 'copies'));
  linkSync(join(folder, 'photographs', 'a.jpg'), join(folder, 'copies', 'a.jpg'));
  write(join(folder, 'copies', 'own.jpg'), 70);
  assert.equal(await bytesBelow(join(folder, 'copies')), 70);
});

test('whoever is killed while removing leaves a whole workspace, and the next one sweeps the rest', async () => {
  const folders = workspaceFolders(workspace);
  // Many files, so that the removal takes a while.
  for (let file = 0; file < 3000; file++) write(join(folders.preparedSet(prepared('b')), 'many', `${file}.bin`), 1);
  // What is damaged without any removal: the sets, checkpoints and reports of this test hold zeros.
  const faultsOf = async () =>
    (await checkWorkspace(store, { repair: false, onProgress: () => undefined })).map(({ path }) => path);
  const before = await faultsOf();
  store.close();
  const program = `
    const { openStore } = await import(process.argv[1]);
    const { removeFolders } = await import(process.argv[2]);
    const store = openStore(process.argv[3]);
    await removeFolders(store, JSON.parse(process.argv[4]), (title) => console.log(title));`;
  const source = (path: string) => fileURLToPath(new URL(`../../src-main/${path}`, import.meta.url));
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    program,
    source('store/store.ts'),
    source('workbench/workspace/clean/removeFolders.ts'),
    workspace,
    JSON.stringify([`prepared/${prepared('b')}`]),
  ]);
  const doomed = join(workspace, 'removing');
  child.stdout.once('data', () => {
    const wait = setInterval(() => {
      if (!existsSync(doomed) || readdirSync(doomed).length === 0) return;
      clearInterval(wait);
      child.kill('SIGKILL');
    }, 1);
  });
  await childEnd(child, { what: 'the removal', seen: () => '' });
  assert.equal(readdirSync(doomed).length, 1, 'it was killed in the middle');
  store = openStore(workspace);
  const broken = folders.preparedSet(prepared('b'));
  assert.deepEqual(
    await faultsOf(),
    before.filter((path) => !path.startsWith(broken)),
    'only what was removed is gone',
  );
  await sweepLeftovers(workspace);
  assert.ok(!existsSync(doomed));
  assert.equal(readFileSync(join(folders.filesOfRun('finished').weights)).length, 1000);
});
