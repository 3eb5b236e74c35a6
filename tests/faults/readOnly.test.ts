import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { knownFault } from '../../src-main/files/knownFault.ts';
import { deleteRun } from '../../src-main/workbench/experiment/deleteRun.ts';
import { runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import { differences, workspaceState } from './workspaceState.ts';

/** Each third kind of file, or all of them with `npm run faults:readonly`, which takes a minute. */
const all = process.env['ARCBENCH_ALL_KINDS'] === '1';
/** Root writes whatever the permissions: the cases are for one without that power. */
const isMighty =
  process.platform === 'linux' &&
  (Number.parseInt(/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0', 16) &
    0b110) !==
    0; // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
const folder = mkdtempSync(join(tmpdir(), 'arcbench-read-only-'));
const workspace = join(folder, 'workspace');
const whole = join(folder, 'whole');
after(() => rmSync(folder, { recursive: true, force: true }));

const planOf = (arm: 'done' | 'halfway') =>
  experimentSchema.parse({
    name: arm,
    data: { demo: { people: 8, imagesPerPerson: 8 } },
    prepare: { inputSize: 32 },
    split: { query: 0.25, distractors: 0.1 },
    model: { embeddingSize: 8 },
    training: { epochs: 2, batchSize: 8, learningRate: 0.05 },
    arms: [
      arm === 'done'
        ? { name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } }
        : { name: 'cross-entropy', loss: 'crossEntropy' },
    ],
  });
async function within<T>(action: (store: Store) => T | Promise<T>): Promise<T> {
  const store = openStore(workspace);
  try {
    return await action(store);
  } finally {
    store.close();
  }
}
/**
 * Runs an experiment to its report, going on with what is there; one that is to stop is stopped behind its first epoch.
 */
const run = (arm: 'done' | 'halfway', stop = false) =>
  within(async (store) => {
    const stopping = new AbortController();
    const progress = {
      stage: () => undefined,
      step: () => undefined,
      notice: (message: string) => {
        if (stop && message.startsWith('epoch 1/')) stopping.abort();
      },
    };
    await runExperiment(
      { store, plan: planOf(arm), baseFolder: folder, progress, signal: stopping.signal, rerunCommand: 'again' },
      { interrupted: 'resume', compiled: true, engine: 'cpu' },
    );
  });
const check = (repair: boolean) => within((store) => checkWorkspace(store, { repair, onProgress: () => undefined }));
const idOf = (arm: string) => within((store) => store.runs().find((row) => row.arm === arm)?.id ?? '');
const copy = (from: string, to: string) => {
  if (existsSync(to))
    for (const path of [
      to,
      ...readdirSync(to, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name)),
    ])
      chmodSync(path, 0o755);
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
};
/**
 * All that must be the same each time; events in any order, as a run that is deleted and trained again says its own
 * later, and without those of failures, which stay in its history.
 */
const stateOf = () =>
  new Map(
    [...workspaceState(workspace)].map(([name, text]) => [
      name,
      name === 'table event'
        ? text
            .split('\n')
            .filter((line) => !line.includes('"kind":"failure"'))
            .sort()
            .join('\n')
        : text,
    ]),
  );
/** What an action ends with: null where it was done, else the sentence that a user sees. */
const sentenceOf = (action: () => Promise<unknown>): Promise<string | null> =>
  action().then(
    () => null,
    (error: unknown) => {
      const known = knownFault(error);
      assert.ok(known, error instanceof Error ? error.stack : String(error));
      assert.doesNotMatch(known.message, /EACCES|EPERM|undefined|\bat .*:\d+:\d+/);
      return known.message;
    },
  );

if (isMighty) {
  test('the cases below, as a root that permissions bind', { timeout: 600_000 }, (context) => {
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
    assert.match(stdout, /pass 2/);
    for (const [line] of stdout.matchAll(/\d+ of \d+ kinds of files.*/g)) context.diagnostic(line);
  });
} else {
  let untouched: ReadonlyMap<string, string> | undefined;
  let reference: ReadonlyMap<string, string> | undefined;
  before(async () => {
    await run('done');
    await assert.rejects(run('halfway', true), { code: 'cancelled' });
    copy(workspace, whole);
    untouched = stateOf();
    await run('halfway');
    reference = stateOf();
  });

  test('with any file and its folder read-only, the next step works or is refused in a sentence', async (context) => {
    const files = readdirSync(whole, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(whole.length + 1))
      .filter(
        (path) => /^(arcbench\.db$|(prepared|splits|datasets|runs|reports)\/)/.test(path) && !/\/demo-/.test(path),
      );
    const kinds = new Map(
      files.map((path) => [
        path
          .replace(/[0-9a-f]{12,}/g, (id) => (path.startsWith('runs/') ? id : '*'))
          .replace(/\/(train|val|test|query|distractors)\/.*/, '/$1'),
        path,
      ]),
    );
    assert.ok(kinds.size >= 40, [...kinds.keys()].join('\n'));
    copy(whole, workspace);
    const done = await idOf('ArcFace');
    const halfway = await idOf('cross-entropy');
    const counts = { done: 0, named: 0 };
    const taken = [...kinds].filter((_, place) => all || place % 3 === 0);
    for (const [kind, file] of taken) {
      copy(whole, workspace);
      const path = join(workspace, file);
      const fileMode = statSync(path).mode & 0o777;
      const folderMode = statSync(dirname(path)).mode & 0o777;
      chmodSync(path, 0o444);
      chmodSync(dirname(path), 0o555);
      const count = (sentence: string | null) => {
        counts[sentence === null ? 'done' : 'named']++;
        return sentence;
      };
      const holds = (id: string) =>
        readdirSync(join(workspace, 'runs', id), { recursive: true, encoding: 'utf8' }).sort();
      // Steps that do not come near the file are left out: each takes seconds, and there are many kinds.
      const resumes = !/^(reports|datasets)\//.test(file) && !file.startsWith(`runs/${done}/`);
      const deletes = file === 'arcbench.db' || file.startsWith(`runs/${done}/`);
      for (const repair of [false, true])
        count(
          await sentenceOf(async () => assert.deepEqual(await check(repair), [], `${kind}: read-only is no damage`)),
        );
      count(await sentenceOf(() => run('done')));
      if (resumes) count(await sentenceOf(() => run('halfway')));
      const before = holds(done);
      if (deletes && count(await sentenceOf(() => within((store) => deleteRun(store, done)))) === null)
        assert.ok(!existsSync(join(workspace, 'runs', done)), `${kind}: the run was not deleted`);
      else if (deletes) assert.deepEqual(holds(done), before, `${kind}: the run was deleted in part`);
      chmodSync(dirname(path), folderMode);
      if (existsSync(path)) chmodSync(path, fileMode);
      // Whatever was refused is done now, and nothing of the refusals is left.
      await run('done');
      if (resumes) await run('halfway');
      assert.deepEqual(await check(false), [], kind);
      assert.deepEqual(
        differences((resumes ? reference : untouched) as ReadonlyMap<string, string>, stateOf()),
        [],
        kind,
      );
    }
    assert.notEqual(done, halfway);
    assert.ok(counts.done > 0 && counts.named > 0, JSON.stringify(counts));
    context.diagnostic(
      `${taken.length} of ${kinds.size} kinds of files made read-only, their folders too: of the steps that ` +
        `a user takes next ${counts.done} were done and ${counts.named} refused in a sentence`,
    );
  });

  test('a damaged file that may not be removed is named, and the repair goes on behind it', async () => {
    copy(whole, workspace);
    const [prepared = ''] = readdirSync(join(workspace, 'prepared')).filter((name) => /^[0-9a-f]{64}$/.test(name));
    const set = join(workspace, 'prepared', prepared);
    const stray = join(workspace, 'reports', 'x.tmp.writing-1');
    rmSync(join(set, 'images.bin'));
    cpSync(join(set, 'index.json'), stray);
    chmodSync(set, 0o555);
    const faults = await check(true);
    chmodSync(set, 0o755);
    assert.match(
      faults.find(({ path }) => path === set)?.message ?? '',
      /It cannot be removed: change the permissions of /,
    );
    assert.deepEqual(faults.map(({ mended }) => mended).sort(), [false, true]);
    assert.ok(!existsSync(stray));
  });
}
