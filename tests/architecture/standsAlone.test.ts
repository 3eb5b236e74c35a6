import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ImportedFile } from './importTests.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-alone-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const listed = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
const files =
  listed.status === 0 ? listed.stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file))) : [];
const skip = files.length === 0 && 'this folder is no git checkout, so its files cannot be listed';

/** The files that git knows, as they are now, in a folder with nothing beside it and nothing else in it. */
function clone(): string {
  const target = join(folder, 'beside-nothing', 'arcbench');
  for (const file of files) cpSync(join(root, file), join(target, file), { verbatimSymlinks: true });
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  return target;
}

test('in a clone with nothing beside it every test file is imported, and each skipped test says why', { skip }, () => {
  const cloned = clone();
  const home = join(folder, 'home');
  mkdirSync(home);
  const tests = files.filter((file) => file.endsWith('.test.ts'));
  const program = join('tests', 'architecture', 'importTests.ts');
  const { stdout, stderr, error } = spawnSync(process.execPath, [program, ...tests], {
    cwd: cloned,
    encoding: 'utf8',
    timeout: 240_000,
    maxBuffer: 2 ** 26,
    // No program is found, so that nothing is installed or fetched.
    env: { PATH: home, HOME: home, TMPDIR: home, NODE_NO_WARNINGS: '1', TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  const imported = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ImportedFile);
  const next = tests[imported.length];
  assert.equal(next, undefined, `the import stopped at ${next}: ${error?.message ?? stderr}`);
  assert.deepEqual(
    imported.filter(({ fault }) => fault !== null).map(({ file, fault }) => `${file}: ${fault}`),
    [],
  );
  assert.deepEqual(
    imported.filter((entry) => entry.tests === 0).map(({ file }) => `${file} has no test`),
    [],
  );
  const reasons = imported.flatMap(({ file, skipped }) => skipped.map((reason) => ({ file, reason })));
  assert.deepEqual(
    reasons.filter(({ reason }) => reason === '').map(({ file }) => `${file} skips a test without a reason`),
    [],
  );
  assert.ok(
    reasons.some(({ reason }) => reason.startsWith('real faces are needed')),
    'the clone sees the faces that lie beside this checkout',
  );
});

test('only tests/sharedFaces.ts names the folder beside the checkout', { skip }, () => {
  const besides = new RegExp(`${['\\.\\.', 'shared'].join('/')}\\b`);
  assert.ok(besides.test(readFileSync(join(root, 'tests', 'sharedFaces.ts'), 'utf8')));
  assert.deepEqual(
    files.filter((file) => file !== 'tests/sharedFaces.ts' && besides.test(readFileSync(join(root, file), 'latin1'))),
    [],
    'A clone has nothing beside it: commit the file, or read it through tests/sharedFaces.ts.',
  );
});
