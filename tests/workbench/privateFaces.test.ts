import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { prepareSchema } from '../../src-shared/dataSchema.ts';
import { splitSchema } from '../../src-shared/splitSchema.ts';
import { openToOthers } from '../../src-main/files/openToOthers.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore } from '../../src-main/store/store.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { drawFaces } from '../drawnFaces.ts';
import { arcbench } from '../faults/faultExperiment.ts';
import { jobEnd } from '../jobEnd.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-private-'));
const faces = join(folder, 'faces');
before(() => drawFaces(faces, { people: 6, pictures: 6 }));
after(() => rmSync(folder, { recursive: true, force: true }));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const skip = process.platform === 'win32' && 'permissions of Windows say nothing here';

test('only its owner may open a new workspace, and only its owner may hold its lock', { skip }, () => {
  const workspace = join(folder, 'new');
  openStore(workspace).close();
  const { area, writerLock } = workspaceFolders(workspace);
  assert.deepEqual([workspace, area('prepared'), writerLock].map(modeOf), ['700', '700', '600']);
  assert.equal(openToOthers(workspace), null);
  // An older version made the lock so that everybody could read it, and so hold it.
  chmodSync(writerLock, 0o644);
  openStore(workspace).close();
  assert.equal(modeOf(writerLock), '600');
});

test('a workspace that others can open stays open, and that is said at each door', { skip }, async () => {
  const workspace = join(folder, 'shared');
  mkdirSync(workspace, { mode: 0o755 });
  openStore(workspace).close();
  assert.equal(modeOf(workspace), '755', 'it may be shared on purpose');
  const sentence =
    `Other users of this machine can open the workspace ${workspace} (mode 755), and it holds faces of people: ` +
    '`chmod 700` closes it.';
  const { stderr } = await arcbench(['check', '--workspace', workspace]).ended;
  assert.ok(stderr.includes(`${sentence}\n`), stderr);
  const workbench = openWorkbench({ workspace, door: 'electron', roots: [folder] });
  const described = (await workbench.call('system.describe', {})) as CallOutputs['system.describe'];
  assert.equal(described.openToOthers, sentence);
  await workbench.close();
});

test('uploaded pictures that are forgotten are deleted with every copy, and those of a folder are not', async () => {
  const workspace = join(folder, 'uploads');
  const workbench = openWorkbench({ workspace, door: 'serve', roots: [folder] });
  const call = async <Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]> =>
    (await workbench.call(name, input)) as CallOutputs[Name];
  const { area } = workspaceFolders(workspace);
  try {
    const sent = readdirSync(faces).flatMap((person) =>
      readdirSync(join(faces, person)).map((name) => join(person, name)),
    );
    let upload = '';
    // The folder has one person more: the same pictures would be the same dataset.
    for (const path of sent.filter((name) => !name.startsWith('s1'))) {
      const content = Readable.from(readFileSync(join(faces, path)));
      upload = (await workbench.receive({ upload: 'mine', path: `album/${path}` }, content)).folder;
    }
    for (const source of [join(upload, 'album'), faces]) {
      await jobEnd(await call('datasets.import', { data: { source } }), () => call('jobs.list', {}));
      const { data } = (await call('datasets.list', {})).find((dataset) => dataset.source === source) ?? {};
      assert.ok(data);
      const sections = { data, prepare: prepareSchema.parse({ inputSize: 32 }), split: splitSchema.parse({}) };
      const prepared = await call('split.prepare', { data, prepare: sections.prepare });
      assert.equal((await jobEnd(prepared, () => call('jobs.list', {}))).state, 'done');
      if (source === faces) continue;
      const written = await jobEnd(await call('split.create', sections), () => call('jobs.list', {}));
      assert.equal(written.state, 'done', written.fault?.message);
    }
    const datasets = await call('datasets.list', {});
    assert.deepEqual(datasets.map(({ uploaded }) => uploaded).sort(), [false, true]);
    assert.equal(readdirSync(area('splits')).length, 1);
    const before = readdirSync(area('prepared')).length;
    for (const { hash } of datasets.filter(({ uploaded }) => uploaded)) await call('datasets.forget', { hash });
    assert.deepEqual([readdirSync(area('uploads')), readdirSync(area('splits'))], [[], []]);
    assert.equal(readdirSync(area('prepared')).length, before - 1);
    for (const { hash } of datasets.filter(({ uploaded }) => !uploaded)) await call('datasets.forget', { hash });
    assert.ok(sent.every((path) => existsSync(join(faces, path))));

    await workbench.receive({ upload: 'lost', path: 'album/a.png' }, Readable.from('x'));
  } finally {
    await workbench.close();
  }
  const store = openStore(workspace);
  const faults = await checkWorkspace(store, { repair: true, onProgress: () => undefined });
  store.close();
  assert.deepEqual(
    faults.map(({ message, mended }) => [message, mended]),
    [['These uploaded pictures belong to no dataset. It was removed; upload them again to use them.', true]],
  );
  assert.deepEqual(readdirSync(area('uploads')), []);
});
