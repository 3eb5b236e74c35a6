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

/** A served workbench with what the next tests do to it. */
function served(name: string) {
  const workspace = join(folder, name);
  const workbench = openWorkbench({ workspace, door: 'serve', roots: [folder] });
  const call = async <Name extends CallName>(asked: Name, input: CallInput<Name>): Promise<CallOutputs[Name]> =>
    (await workbench.call(asked, input)) as CallOutputs[Name];
  const { area } = workspaceFolders(workspace);
  const ended = async (job: CallOutputs['datasets.import']) => {
    const end = await jobEnd(job, () => call('jobs.list', {}));
    assert.equal(end.state, 'done', end.fault?.message);
    return end;
  };
  return {
    call,
    ended,
    close: () => workbench.close(),
    namesIn: (kind: 'uploads' | 'splits' | 'prepared') => readdirSync(area(kind)),
    /** Sends some people of the folder as a browser does, and imports them. Gives the folder of the upload. */
    async upload(as: string, people = readdirSync(faces)) {
      let upload = '';
      for (const person of people)
        for (const picture of readdirSync(join(faces, person))) {
          const content = Readable.from(readFileSync(join(faces, person, picture)));
          upload = (await workbench.receive({ upload: as, path: `${person}/${picture}` }, content)).folder;
        }
      await ended(await call('datasets.import', { data: { source: upload } }));
      return upload;
    },
    async split() {
      const { data } = (await call('datasets.list', {})).at(-1)!;
      const faces = { data: data!, prepare: prepareSchema.parse({ inputSize: 32 }) };
      await ended(await call('split.prepare', faces));
      await ended(await call('split.create', { ...faces, split: splitSchema.parse({}) }));
    },
    sources: async () => (await call('datasets.list', {})).map(({ source }) => source),
    forgetAll: async () => {
      for (const { hash } of await call('datasets.list', {})) await call('datasets.forget', { hash });
    },
  };
}
const isWhole = () =>
  readdirSync(faces).length === 6 &&
  readdirSync(faces).every((person) => readdirSync(join(faces, person)).length === 6);

test('a split of a folder stays when an upload with some of its people is forgotten', async () => {
  const { call, ended, upload, split, namesIn, sources, close } = served('overlap');
  try {
    await ended(await call('datasets.import', { data: { source: faces } }));
    await split();
    const ofFolder = namesIn('splits');
    const sent = await upload('some', readdirSync(faces).slice(1));
    const uploaded = (await call('datasets.list', {})).find(({ source }) => source === sent)!;
    await ended(await call('split.prepare', { data: uploaded.data!, prepare: prepareSchema.parse({ inputSize: 32 }) }));
    await call('datasets.forget', { hash: uploaded.hash });
    assert.deepEqual([namesIn('splits'), namesIn('uploads'), namesIn('prepared').length], [ofFolder, [], 1]);
    assert.deepEqual(await sources(), [faces]);
  } finally {
    await close();
  }
});

test('a folder that is uploaded twice is one dataset with one upload, and forgetting it deletes all', async () => {
  const { upload, split, namesIn, sources, forgetAll, close } = served('twice');
  try {
    const first = await upload('first');
    await split();
    await upload('second');
    assert.deepEqual([await sources(), namesIn('uploads').length], [[first], 1]);
    await forgetAll();
    assert.deepEqual([namesIn('uploads'), namesIn('splits'), namesIn('prepared')], [[], [], []]);
  } finally {
    await close();
  }
});

test('an upload of a folder that is in the list leaves the folder there', async () => {
  const { call, ended, upload, namesIn, sources, close } = served('listed');
  try {
    await ended(await call('datasets.import', { data: { source: faces } }));
    const [before] = await call('datasets.list', {});
    await upload('again');
    assert.deepEqual(await call('datasets.list', {}), [before]);
    assert.deepEqual([await sources(), namesIn('uploads'), isWhole()], [[faces], [], true]);
  } finally {
    await close();
  }
});

test('an upload whose pictures were imported from the disk afterwards is deleted with the dataset', async () => {
  const { call, ended, upload, split, namesIn, sources, forgetAll, close } = served('later');
  try {
    await upload('before');
    await split();
    await ended(await call('datasets.import', { data: { source: faces } }));
    assert.deepEqual(await sources(), [faces]);
    await forgetAll();
    assert.deepEqual([namesIn('uploads'), namesIn('prepared'), isWhole()], [[], [], true]);
  } finally {
    await close();
  }
});

test('an experiment on an upload leaves it there, though the same pictures were imported from the disk', async () => {
  const { call, ended, upload, namesIn, close } = served('named');
  try {
    const sent = await upload('named');
    await ended(await call('datasets.import', { data: { source: faces } }));
    const saved = await call('experiments.save', {
      id: null,
      yaml: `name: On an upload
data: { source: ${JSON.stringify(sent)} }
prepare: { inputSize: 32 }
model: { backbone: smallcnn, embeddingSize: 4 }
training: { epochs: 1, batchSize: 8, learningRate: 0.01 }
seeds: [1]
arms: [{ name: CE, loss: crossEntropy }]
`,
    });
    for (let time = 0; time < 2; time++) {
      const before = (await call('jobs.list', {})).map(({ id }) => id);
      await call('experiments.start', { id: saved.id, interrupted: 'refuse' });
      await ended((await call('jobs.list', {})).find(({ id }) => !before.includes(id))!);
      assert.equal(namesIn('uploads').length, 1);
    }
  } finally {
    await close();
  }
});
