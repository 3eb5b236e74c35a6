import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { openStore } from '../../src-main/store/store.ts';
import { checkWorkspace, type WorkspaceFault } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import { whileUnreadable } from './whileUnreadable.ts';
import { storeRows } from './workspaceState.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-damage-'));
const whole = join(folder, 'whole');
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = experimentSchema.parse({
  name: 'damage',
  data: { demo: { people: 8, imagesPerPerson: 8 } },
  prepare: { inputSize: 32 },
  split: { query: 0.25, distractors: 0.1 },
  model: { embeddingSize: 8 },
  training: { epochs: 2, batchSize: 8, learningRate: 0.05 },
  arms: [{ name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } }],
});
const run = async (workspace: string) => {
  const store = openStore(workspace);
  try {
    const progress = { stage: () => undefined, step: () => undefined, notice: () => undefined };
    return await runExperiment(
      { store, plan, baseFolder: folder, progress, signal: new AbortController().signal, rerunCommand: 'again' },
      { interrupted: 'resume', compiled: true, engine: 'cpu' },
    );
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
before(async () => {
  await run(whole);
});

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

/** How a sentence names an error of the system. */
const toldAs = (code: string): string => (code === 'EACCES' ? ' may not be read: ' : `\\(${code}\\)`);

/** One file of each kind that a workspace holds: split folders hold many pictures. */
function filesOfEachKind(): ReadonlyMap<string, string> {
  const files = readdirSync(whole, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        /^\/(prepared|splits|datasets|runs|reports)\//.test(path.slice(whole.length)) &&
        !/\/demo-/.test(path.slice(whole.length)),
    ); // the demo's pictures are a source, not the workspace's
  const kinds = new Map(
    files.map((path) => [
      path
        .slice(whole.length)
        .replace(/[0-9a-f]{12,}/g, '*')
        .replace(/\/(train|val|test|query|distractors)\/.*/, '/$1'),
      path,
    ]),
  );
  assert.ok(kinds.size >= 20, [...kinds.keys()].join('\n'));
  return kinds;
}

test('a file that cannot be read now is named as that, and no repair removes it', async (context) => {
  const before = readdirSync(whole, { recursive: true }).sort();
  const kinds = filesOfEachKind();
  for (const [kind, path] of kinds)
    for (const code of ['EMFILE', 'EIO', 'EACCES']) {
      const faults = await whileUnreadable(path, code, () => check(whole, true));
      const own = faults.filter((fault) => path.startsWith(fault.path));
      assert.ok(own.length > 0, `${kind} ${code}: ${JSON.stringify(faults)}`);
      for (const { message, mended } of faults) {
        assert.match(message, new RegExp(`${toldAs(code)}.*Nothing is (known to be )?damaged`), `${kind} ${code}`);
        assert.equal(mended, false, `${kind} ${code}: ${message}`);
      }
      assert.deepEqual(readdirSync(whole, { recursive: true }).sort(), before, `${kind} ${code}`);
    }
  context.diagnostic(`${kinds.size} kinds of files x 3 errors of the system`);
});

test('a file that is truncated, flipped in a bit or deleted is named, and repaired where possible', async (context) => {
  const kinds = filesOfEachKind();
  let named = 0;
  for (const [kind, path] of kinds) {
    for (const [how, damage] of Object.entries(damages)) {
      // A list of duplicates that is gone looks like one that was never made: the next run searches again.
      if (how === 'deleted' && kind.endsWith('/duplicates.json')) continue;
      const bytes = readFileSync(path);
      damage(path);
      const faults = await check(whole);
      assert.ok(
        faults.some((fault) => path.startsWith(fault.path) || path === fault.path),
        `${kind} ${how}: ${JSON.stringify(faults)}`,
      );
      named++;
      for (const { message } of faults) assert.doesNotMatch(message, /undefined|\bat .*:\d+:\d+|SyntaxError/);
      writeFileSync(path, bytes);
    }
  }
  context.diagnostic(`${kinds.size} kinds of files x ${Object.keys(damages).length} damages: ${named} named`);
});

/** All but what is remembered of pictures' headers: it shows them, and no result rests on it. */
const rowsThatCount = (path: string) => storeRows(path).filter(([table]) => table !== 'table picture');

test('a database that is truncated or flipped in a bit is named, or holds what it held', async (context) => {
  const path = join(whole, 'arcbench.db');
  const bytes = readFileSync(path);
  const random = randomStream(1, 'database');
  const rows = rowsThatCount(path);
  const counts = { refused: 0, named: 0, equal: 0 };
  for (let attempt = 0; attempt < 30; attempt++) {
    const damaged = Buffer.from(bytes);
    const at = random.integer(damaged.length);
    damaged[at] = (damaged[at] as number) ^ (1 << random.integer(8));
    writeFileSync(path, attempt % 6 === 0 ? damaged.subarray(0, at) : damaged);
    const faults = await check(whole).catch((error: unknown) => error);
    if (faults instanceof ArcBenchError) {
      assert.match(faults.message, /arcbench\.db/);
      counts.refused++;
    } else if (faults instanceof Error) throw faults;
    else if ((faults as readonly WorkspaceFault[]).length > 0) counts.named++;
    else {
      assert.deepEqual(rowsThatCount(path), rows, `a changed bit of byte ${at} was not named`);
      counts.equal++;
    }
    writeFileSync(path, bytes);
  }
  rmSync(path);
  assert.match((await check(whole)).map(({ message }) => message).join(' '), /The store knows no such run/);
  writeFileSync(path, bytes);
  assert.deepEqual(await check(whole), []);
  assert.ok(counts.refused + counts.named > 5, JSON.stringify(counts));
  context.diagnostic(
    `of 30 damages ${counts.refused} were refused at start and ${counts.named} named by the check; ` +
      `${counts.equal} hit what holds nothing`,
  );
});

test('a damaged or deleted write-ahead log keeps the commits before the damage', async () => {
  const path = join(whole, 'arcbench.db');
  const log = join(whole, 'arcbench.db-wal');
  const [id] = readdirSync(join(whole, 'runs')) as [string];
  const store = openStore(whole);
  for (let note = 0; note < 20; note++) store.annotate(id, { note: `note ${note}`, starred: false });
  const bytes = readFileSync(path);
  const frames = readFileSync(log);
  store.close();
  const after = readFileSync(path);
  const random = randomStream(1, 'log');
  for (const how of ['truncated', 'bit-flipped', 'deleted', 'whole'] as const) {
    const at = Math.floor(frames.length / 4) + random.integer(Math.floor(frames.length / 2));
    const damaged = Buffer.from(how === 'truncated' ? frames.subarray(0, at) : frames);
    if (how === 'bit-flipped') damaged[at] = (damaged[at] as number) ^ 4;
    writeFileSync(path, bytes);
    if (how !== 'deleted') writeFileSync(log, damaged);
    assert.deepEqual(await check(whole), [], how);
    const opened = openStore(whole);
    const { note } = opened.annotation(id);
    opened.close();
    const kept: Readonly<Record<string, RegExp>> = { whole: /^note 19$/, deleted: /^$/ };
    assert.match(note, kept[how] ?? /^note (\d|1[0-8])$/, how);
  }
  writeFileSync(path, after);
});

test('after a repair the same experiment runs to the same report', async () => {
  const before = readdirSync(join(whole, 'reports'))[0] as string;
  const report = readFileSync(join(whole, 'reports', before, 'report.md'), 'utf8');
  const prepared = readdirSync(join(whole, 'prepared')).find((name) => !name.startsWith('demo')) as string;
  damages['bit-flipped']?.(join(whole, 'prepared', prepared, 'images.bin'));
  writeFileSync(join(whole, 'prepared', `${prepared}.part-1`), 'left over');
  const faults = await check(whole, true);
  assert.deepEqual(
    faults.map((fault) => fault.mended),
    [true, true],
  );
  assert.ok(!existsSync(join(whole, 'prepared', prepared)));
  await run(whole);
  assert.deepEqual(await check(whole), []);
  assert.equal(readFileSync(join(whole, 'reports', before, 'report.md'), 'utf8'), report);
});
