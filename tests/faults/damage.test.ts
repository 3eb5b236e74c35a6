import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { checkWorkspace, type WorkspaceFault } from '../../src-main/workbench/checkWorkspace.ts';
import { runExperiment } from '../../src-main/workbench/runExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-damage-'));
const whole = join(folder, 'whole');
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = experimentSchema.parse({
  name: 'damage', data: { demo: { people: 8, imagesPerPerson: 8 } }, prepare: { inputSize: 32 }, split: { query: 0.25, distractors: 0.1 },
  model: { embeddingSize: 8 }, training: { epochs: 2, batchSize: 8, learningRate: 0.05 }, arms: [{ name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } }],
});
const run = async (workspace: string) => {
  const store = openStore(workspace);
  try {
    const progress = { stage: () => undefined, step: () => undefined, notice: () => undefined };
    return await runExperiment({ store, plan, baseFolder: folder, progress, signal: new AbortController().signal, rerunCommand: 'again' }, { interrupted: 'resume', compiled: true, engine: 'cpu' });
  } finally {
    store.close();
  }
};
const check = async (workspace: string, repair = false): Promise<readonly WorkspaceFault[]> => {
  const store = openStore(workspace);
  try {
    return await checkWorkspace(store, { repair, onProgress: () => undefined });
  } finally {
    store.close();
  }
};
before(async () => { await run(whole); });

/** A copy of the whole workspace at its own place: artefacts are kept by absolute path, so the damage is done there and taken back. */
const backup = join(folder, 'backup');
const damages: Readonly<Record<string, (path: string) => void>> = {
  truncated: (path) => writeFileSync(path, readFileSync(path).subarray(0, Math.floor(statSync(path).size / 2))),
  'bit-flipped': (path) => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 4;
    writeFileSync(path, bytes);
  },
  deleted: (path) => rmSync(path),
};

test('a whole workspace has no faults', async () => {
  assert.deepEqual(await check(whole), []);
});

test('each file that is truncated, flipped in one bit or deleted is named, and what can be made anew is', async () => {
  cpSync(whole, backup, { recursive: true });
  const files = (readdirSync(whole, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /^\/(prepared|splits|datasets|runs)\//.test(path.slice(whole.length)) && !/snapshots/.test(path) && !/\/demo-/.test(path.slice(whole.length))); // the demo's pictures are a source, not the workspace's
  // One file of each kind is enough: split folders hold many pictures.
  const kinds = new Map(files.map((path) => [path.slice(whole.length).replace(/[0-9a-f]{12,}/g, '*').replace(/\/(train|val|test|query|distractors)\/.*/, '/$1'), path]));
  assert.ok(kinds.size >= 10, [...kinds.keys()].join('\n'));
  for (const [kind, path] of kinds) {
    for (const [how, damage] of Object.entries(damages)) {
      if (kind.startsWith('/datasets') && how === 'bit-flipped') continue; // a list of paths: a changed path is found missing when it is read
      damage(path);
      const faults = await check(whole);
      assert.ok(faults.some((fault) => path.startsWith(fault.path) || path === fault.path), `${kind} ${how}: ${JSON.stringify(faults)}`);
      for (const { message } of faults) assert.doesNotMatch(message, /undefined|\bat .*:\d+:\d+|SyntaxError/);
      rmSync(whole, { recursive: true });
      cpSync(backup, whole, { recursive: true });
    }
  }
});

test('after a repair the same experiment runs to the same report', async () => {
  const before = readdirSync(join(whole, 'reports'))[0] as string;
  const report = readFileSync(join(whole, 'reports', before, 'report.md'), 'utf8');
  const prepared = readdirSync(join(whole, 'prepared')).find((name) => !name.startsWith('demo')) as string;
  damages['bit-flipped']?.(join(whole, 'prepared', prepared, 'images.bin'));
  writeFileSync(join(whole, 'prepared', `${prepared}.part-1`), 'left over');
  const faults = await check(whole, true);
  assert.deepEqual(faults.map((fault) => fault.mended), [true, true]);
  assert.ok(!existsSync(join(whole, 'prepared', prepared)));
  await run(whole);
  assert.deepEqual(await check(whole), []);
  assert.equal(readFileSync(join(whole, 'reports', before, 'report.md'), 'utf8'), report);
});
