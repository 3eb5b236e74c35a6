import assert from 'node:assert/strict';
import Database from 'better-sqlite3';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openStore } from '../../src-main/store/store.ts';

const schemas = join(import.meta.dirname, 'schemas');
const folder = mkdtempSync(join(tmpdir(), 'arcbench-schemas-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// A fixture is what a store of that version held, and is never changed; a migration adds the one of its version.
const versions = readdirSync(schemas)
  .map((name) => Number.parseInt(name))
  .sort((a, b) => a - b);
for (const version of versions) {
  test(`a workspace of schema ${version} opens with its data`, () => {
    const workspace = join(folder, String(version));
    openStore(workspace).close(); // for its folders
    for (const name of ['arcbench.db', 'arcbench.db-wal', 'arcbench.db-shm'])
      rmSync(join(workspace, name), { force: true });
    const database = new Database(join(workspace, 'arcbench.db'));
    database.exec(readFileSync(join(schemas, `${version}.sql`), 'utf8'));
    assert.equal(database.pragma('user_version', { simple: true }), version);
    database.close();
    const store = openStore(workspace);
    assert.deepEqual(
      store.datasets().map(({ hash, images, people }) => [hash, images, people]),
      [['d', 3, 2]],
    );
    assert.deepEqual(
      store.runs().map(({ id, arm, status }) => [id, arm, status]),
      [['run', 'ArcFace', 'done']],
    );
    assert.deepEqual(
      store.points('run').map(({ name, step, value }) => [name, step, value]),
      [
        ['loss', 1, 4.5],
        ['loss', 2, 3.5],
        ['rate', 1, null],
      ],
    );
    assert.deepEqual(
      store.latestPoints('run').map(({ name, step, value }) => [name, step, value]),
      [
        ['loss', 2, 3.5],
        ['rate', 1, null],
      ],
    );
    assert.deepEqual(
      store.events('run').map(({ message }) => message),
      ['kept'],
    );
    assert.deepEqual(store.result('run', 'summary'), { epochs: 2 });
    assert.deepEqual(store.artefacts('run'), [
      {
        kind: 'weights',
        path: join(workspace, 'runs', 'run', 'weights.safetensors'),
        sha256: version === 1 ? null : 'abc',
      },
    ]);
    assert.deepEqual(
      store.annotation('run'),
      version === 1 ? { note: '', starred: false } : { note: 'look here', starred: true },
    );
    assert.deepEqual(store.integrityProblems(), []);
    store.close();
  });
}

test('the newest schema has its fixture', () => {
  openStore(join(folder, 'new')).close();
  const database = new Database(join(folder, 'new', 'arcbench.db'), { readonly: true });
  assert.deepEqual(
    versions,
    Array.from({ length: database.pragma('user_version', { simple: true }) as number }, (_, at) => at + 1),
  );
  database.close();
});
