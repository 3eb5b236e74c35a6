import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { knownFault } from '../../src-main/files/knownFault.ts';
import { gatherSplit, runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import { arcbench, writeFaultExperiment } from './faultExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-permission-'));
const workspace = join(folder, 'workspace');
const pictures = join(folder, 'pictures');
/** Root reads and writes whatever the permissions: the cases are for one without that power. */
const isMighty =
  process.platform === 'linux' &&
  (Number.parseInt(/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0', 16) &
    0b110) !==
    0; // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
const cases: (name: string, body: () => Promise<void>) => unknown = isMighty ? () => undefined : test;
if (isMighty) {
  test('the cases below, as a root that permissions bind', { timeout: 120_000 }, () => {
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(
      'setpriv',
      [
        '--bounding-set=-dac_override,-dac_read_search',
        '--',
        process.execPath,
        '--test',
        '--test-reporter=spec',
        import.meta.filename,
      ],
      { env, encoding: 'utf8' },
    );
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, /pass 3/);
  });
}

after(() => {
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (name.isDirectory()) chmodSync(join(name.parentPath, name.name), 0o755);
  rmSync(folder, { recursive: true, force: true });
});

const planOf = (source: string) =>
  experimentSchema.parse({
    name: 'permission',
    data: { source, demo: { people: 6, imagesPerPerson: 6 } },
    prepare: { inputSize: 32 },
    split: { query: 0.3, distractors: 0.1 },
    model: { backbone: 'smallcnn', embeddingSize: 8 },
    training: { epochs: 1, batchSize: 8, learningRate: 0.05 },
    arms: [{ name: 'cross-entropy', loss: 'crossEntropy' }],
  });
const progress = { stage: () => undefined, step: () => undefined, notice: () => undefined };
/** Opens the workspace and runs, to the split or to the report. */
async function run(
  to: 'split' | 'report',
  source = 'demo',
): Promise<{ readonly rejected: readonly { readonly path: string; readonly reason: string }[] }> {
  const store = openStore(workspace);
  try {
    const options = {
      store,
      plan: planOf(source),
      baseFolder: folder,
      progress,
      signal: new AbortController().signal,
      rerunCommand: 'again',
    };
    if (to === 'report') await runExperiment(options, { interrupted: 'resume', compiled: true, engine: 'cpu' });
    const { dataset, set } = await gatherSplit(options);
    return { rejected: [...dataset.rejected, ...set.rejected] };
  } finally {
    store.close();
  }
}

cases('what may not be read or written is named in one sentence, and all is well once it may', async () => {
  chmodSync(folder, 0o755);
  mkdirSync(workspace);
  await run('split');
  cpSync(
    join(
      workspace,
      'prepared',
      readdirSync(join(workspace, 'prepared')).find((name) => name.startsWith('demo-')) as string,
    ),
    pictures,
    { recursive: true },
  );

  const prepared = readdirSync(join(workspace, 'prepared')).find((name) => /^[0-9a-f]{64}$/.test(name)) as string;
  const attempts: readonly [what: string, mode: number, to: 'split' | 'report', sentence: RegExp][] = [
    ['', 0o555, 'split', /^The workspace .* cannot be (made|written): /],
    ['', 0o000, 'split', /^The workspace .* cannot be made: /],
    ['arcbench.db', 0o444, 'split', /arcbench\.db cannot be opened or written: .*change their permissions/],
    ['arcbench.db', 0o000, 'split', /arcbench\.db cannot be opened or written: .*change their permissions/],
    ['datasets', 0o555, 'split', /datasets.* cannot be written: /],
    ['prepared', 0o000, 'split', /prepared.* cannot be written: |prepared.*cannot be read/],
    [join('prepared', prepared, 'images.bin'), 0o000, 'split', /images\.bin may not be read or written: /],
    ['splits', 0o555, 'split', /splits.* cannot be (written|replaced): /],
    ['runs', 0o555, 'report', /runs.* cannot be written: /],
    ['runs', 0o000, 'report', /runs.* cannot be written: /],
    ['reports', 0o555, 'report', /reports.* cannot be (written|replaced): /],
  ];
  for (const [what, mode, to, sentence] of attempts) {
    const path = join(workspace, what);
    if (what === 'reports') await run('report');
    chmodSync(path, mode);
    const error = await run(to).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    chmodSync(path, what.includes('.') ? 0o644 : 0o755);
    const known = knownFault(error);
    assert.ok(known, `${what} ${mode.toString(8)}: ${error instanceof Error ? error.stack : 'nothing was said'}`);
    assert.match(known.message, sentence);
    assert.doesNotMatch(known.message, /EACCES|undefined/);
  }
  await run('split');
});

cases('pictures that may not be read are left out with their reason, and a folder of none is a sentence', async () => {
  const person = join(pictures, 'person-0001');
  chmodSync(join(person, '001.png'), 0);
  const { rejected } = await run('split', pictures);
  assert.deepEqual(
    rejected.map(({ path }) => path),
    [join(person, '001.png')],
  );
  assert.match(rejected[0]?.reason ?? '', /cannot be (read|opened)|may not be read|permission/i);
  chmodSync(pictures, 0);
  const error = await run('split', pictures).catch((thrown: unknown) => thrown);
  chmodSync(pictures, 0o755);
  assert.match(knownFault(error)?.message ?? String(error), /pictures.* cannot be read/);
});

cases('the command line says the same and ends with 2', async () => {
  const experiment = writeFaultExperiment(join(folder, 'faults.yaml'));
  chmodSync(join(workspace, 'datasets'), 0o555);
  const { code, stderr } = await arcbench(['split', experiment, '--workspace', workspace]).ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr.trim().split('\n').at(-1) ?? '', /datasets.* cannot be written: /);
  assert.doesNotMatch(stderr, /\bat .*:\d+:\d+|fault of the program/);
});
