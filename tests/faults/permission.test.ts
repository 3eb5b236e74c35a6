import assert from 'node:assert/strict';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { knownFault } from '../../src-main/workbench/knownFault.ts';
import { gatherSplit, runExperiment } from '../../src-main/workbench/runExperiment.ts';
import { arcbench, writeFaultExperiment } from './faultExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-permission-'));
const [workspace, pictures] = [join(folder, 'workspace'), join(folder, 'pictures')];
const stranger = 12_345; // root may do all: it acts as another user
const isRoot = process.getuid?.() === 0;
const giveUp = () => { if (isRoot) process.seteuid?.(stranger); };
const takeBack = () => { if (isRoot) process.seteuid?.(0); };
after(() => {
  takeBack();
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) if (name.isDirectory()) chmodSync(join(name.parentPath, name.name), 0o755);
  rmSync(folder, { recursive: true, force: true });
});

const planOf = (source: string) => experimentSchema.parse({
  name: 'permission', data: { source, demo: { people: 6, imagesPerPerson: 6 } }, prepare: { inputSize: 32 }, split: { query: 0.3, distractors: 0.1 },
  model: { backbone: 'smallcnn', embeddingSize: 8 }, training: { epochs: 1, batchSize: 8, learningRate: 0.05 }, arms: [{ name: 'cross-entropy', loss: 'crossEntropy' }],
});
const progress = { stage: () => undefined, step: () => undefined, notice: () => undefined };
/** Opens the workspace and runs, to the split or to the report. */
async function run(to: 'split' | 'report', source = 'demo'): Promise<{ readonly rejected: readonly { readonly path: string; readonly reason: string }[] }> {
  const store = openStore(workspace);
  try {
    const options = { store, plan: planOf(source), baseFolder: folder, progress, signal: new AbortController().signal, rerunCommand: 'again' };
    if (to === 'report') await runExperiment(options, { interrupted: 'resume', compiled: true, engine: 'cpu' });
    const { dataset, set } = await gatherSplit(options);
    return { rejected: [...dataset.rejected, ...set.rejected] };
  } finally {
    store.close();
  }
}
function own(path: string): void {
  if (!isRoot) return;
  chownSync(path, stranger, stranger);
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) chownSync(join(entry.parentPath, entry.name), stranger, stranger);
}

test('what may not be read or written is named in one sentence, and all is well once it may', async () => {
  chmodSync(folder, 0o755);
  mkdirSync(workspace);
  own(workspace);
  giveUp();
  await run('split');
  takeBack();
  cpSync(join(workspace, 'prepared', readdirSync(join(workspace, 'prepared')).find((name) => name.startsWith('demo-')) as string), pictures, { recursive: true });
  own(pictures);

  const prepared = readdirSync(join(workspace, 'prepared')).find((name) => /^[0-9a-f]{64}$/.test(name)) as string;
  const cases: readonly [what: string, mode: number, to: 'split' | 'report', sentence: RegExp][] = [
    ['', 0o555, 'split', /^The workspace .* cannot be (made|written): /],
    ['', 0o000, 'split', /^The workspace .* cannot be made: /],
    ['arcbench.db', 0o444, 'split', /arcbench\.db cannot be opened or written: .*change their permissions/],
    ['arcbench.db', 0o000, 'split', /arcbench\.db cannot be opened or written: .*change their permissions/],
    ['datasets', 0o555, 'split', /datasets.* cannot be written: /],
    ['prepared', 0o000, 'split', /prepared.* cannot be written: |prepared.*cannot be read/],
    [join('prepared', prepared, 'images.bin'), 0o000, 'split', /images\.bin.* cannot be (read|written)/],
    ['splits', 0o555, 'split', /splits.* cannot be written: /],
    ['runs', 0o555, 'report', /runs.* cannot be written: /],
    ['runs', 0o000, 'report', /runs.* cannot be written: /],
    ['reports', 0o555, 'report', /reports.* cannot be written: /],
  ];
  for (const [what, mode, to, sentence] of cases) {
    const path = join(workspace, what);
    if (what === 'reports') {
      await run('report'); // the engine may lie where a stranger cannot read it
      own(workspace);
    }
    chmodSync(path, mode);
    giveUp();
    const error = await run(to).then(() => null, (thrown: unknown) => thrown);
    takeBack();
    chmodSync(path, what.includes('.') ? 0o644 : 0o755);
    const known = knownFault(error);
    assert.ok(known, `${what} ${mode.toString(8)}: ${error instanceof Error ? error.stack : 'nothing was said'}`);
    assert.match(known.message, sentence);
    assert.doesNotMatch(known.message, /EACCES|undefined/);
  }
  giveUp();
  await run('split');
  takeBack();
});

test('pictures that may not be read are left out with their reason, and a folder of none is a sentence', async () => {
  const person = join(pictures, 'person-0001');
  chmodSync(join(person, '001.png'), 0);
  giveUp();
  const { rejected } = await run('split', pictures);
  takeBack();
  assert.deepEqual(rejected.map(({ path }) => path), [join(person, '001.png')]);
  assert.match(rejected[0]?.reason ?? '', /cannot be (read|opened)|may not be read|permission/i);
  chmodSync(pictures, 0);
  giveUp();
  const error = await run('split', pictures).catch((thrown: unknown) => thrown);
  takeBack();
  chmodSync(pictures, 0o755);
  assert.match(knownFault(error)?.message ?? String(error), /pictures.* cannot be read/);
});

test('the command line says the same and ends with 2', async () => {
  if (!isRoot) return; // as oneself it is the case above
  const experiment = writeFaultExperiment(join(folder, 'faults.yaml'));
  own(workspace);
  chmodSync(join(workspace, 'datasets'), 0o555);
  const { code, stderr } = await arcbench(['split', experiment, '--workspace', workspace], undefined, { user: stranger }).ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr.trim().split('\n').at(-1) ?? '', /datasets.* cannot be written: /);
  assert.doesNotMatch(stderr, /\bat .*:\d+:\d+|fault of the program/);
});
