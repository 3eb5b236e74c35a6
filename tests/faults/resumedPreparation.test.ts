import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import sharp from 'sharp';
import { randomStream } from '../../src-shared/maths/random.ts';
import { sweepLeftovers } from '../../src-main/workbench/workspace/sweepLeftovers.ts';
import { arcbench, type Arcbench, type Outcome } from './faultExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-resumed-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const source = join(folder, 'people');
const total = 320;
const prepared = (workspace: string) => join(workspace, 'prepared');
const namesIn = (path: string) => (existsSync(path) ? readdirSync(path).sort() : []);
const prepare = (workspace: string): Arcbench => arcbench(['prepare', source, '--workspace', workspace]);
/** Batches that an unfinished preparation has kept. */
const batches = (workspace: string) =>
  namesIn(prepared(workspace))
    .filter((name) => name.endsWith('.rows'))
    .reduce((sum, name) => sum + readFileSync(join(prepared(workspace), name), 'utf8').split('\n').length - 1, 0);
/** The finished sets of a workspace: files by SHA-256. */
const setsIn = (workspace: string) =>
  namesIn(prepared(workspace)).flatMap((name) =>
    namesIn(join(prepared(workspace), name)).map((file) => [
      name,
      file,
      createHash('sha256')
        .update(readFileSync(join(prepared(workspace), name, file)))
        .digest('hex'),
    ]),
  );
const goesOnAt = ({ stderr }: Outcome): number =>
  Number(/Goes on at ([\d,]+) of 320 images\./.exec(stderr)?.[1]?.replaceAll(',', '') ?? Number.NaN);

/** Starts preparing and ends it by a signal once some more batches are kept. */
async function interrupt(workspace: string, signal: NodeJS.Signals): Promise<Outcome> {
  const { child, ended } = prepare(workspace);
  const before = batches(workspace);
  while (batches(workspace) < before + 5 && child.exitCode === null) await wait(2);
  child.kill(signal);
  return await ended;
}

let whole: string[][] = [];
before(async () => {
  const random = randomStream(5, 'resumed');
  const width = 640;
  const height = 480;
  const pictures = await Promise.all(
    Array.from({ length: 8 }, () =>
      sharp(
        Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)),
        { raw: { width, height, channels: 3 } },
      )
        .jpeg()
        .toBuffer(),
    ),
  );
  for (let index = 0; index < total; index++) {
    const person = join(source, `person ${index % 10}`);
    mkdirSync(person, { recursive: true });
    writeFileSync(
      join(person, `${index}.jpg`),
      index % 100 === 7 ? (pictures[0] as Buffer).subarray(0, 5000) : (pictures[index % 8] as Buffer),
    );
  }
  const reference = join(folder, 'reference');
  const outcome = await prepare(reference).ended;
  assert.equal(outcome.code, 0, outcome.stderr);
  whole = setsIn(reference);
  assert.equal(whole.length, 2);
  assert.doesNotMatch(outcome.stderr, /Goes on/);
});

test('a preparation killed twice goes on where it was, and ends with the bits of one that was not killed', async () => {
  const workspace = join(folder, 'killed');
  let at = 0;
  for (let kill = 0; kill < 2; kill++) {
    const { child, ended } = prepare(workspace);
    const before = batches(workspace);
    while (batches(workspace) < before + 5 && child.exitCode === null) await wait(2);
    child.kill('SIGKILL');
    const outcome = await ended;
    assert.equal(outcome.signal, 'SIGKILL', outcome.stderr);
    assert.deepEqual(
      namesIn(prepared(workspace)).map((name) => name.slice(64)),
      ['.rows', '.unfinished'],
      'a half-made set is to be seen',
    );
    if (kill > 0) at = goesOnAt(outcome);
  }
  const outcome = await prepare(workspace).ended;
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.ok(at >= 80 && goesOnAt(outcome) >= at + 80 && goesOnAt(outcome) < total, `${at}, then ${outcome.stderr}`);
  assert.deepEqual(setsIn(workspace), whole);
});

test('Ctrl-C ends with 130 and says how to go on; what is damaged meanwhile is named and made anew', async () => {
  const workspace = join(folder, 'stopped');
  const stopped = await interrupt(workspace, 'SIGINT');
  assert.equal(stopped.code, 130, stopped.stderr);
  const kept = Number(
    /Preparing was stopped after (\d+) of 320 images, which are kept: run the same again to go on from there\./.exec(
      stopped.stderr,
    )?.[1],
  );
  assert.ok(kept >= 80 && kept < total, stopped.stderr);
  const check = () => arcbench(['check', '--workspace', workspace]).ended;
  assert.match((await check()).stdout, /is whole/);

  const pixels = join(
    prepared(workspace),
    namesIn(prepared(workspace)).find((name) => name.endsWith('.unfinished')) ?? '',
    'images.bin',
  );
  const imageBytes = 112 * 112 * 3;
  writeSync(openSync(pixels, 'r+'), Buffer.from([1, 2, 3]), 0, 3, 40 * imageBytes); // in the third batch of 16
  assert.match((await check()).stdout, /is damaged after 32 images; it goes on from there/);
  const resumed = await prepare(workspace).ended;
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.equal(goesOnAt(resumed), 32);
  assert.deepEqual(setsIn(workspace), whole);
});

test(
  'a picture that changed since is prepared anew with all after it, and a preparation left alone for a week is ' +
    'swept',
  async () => {
    const workspace = join(folder, 'changed');
    await interrupt(workspace, 'SIGKILL');
    const file = join(source, 'person 0', '120.jpg');
    writeFileSync(file, readFileSync(join(source, 'person 0', '10.jpg'))); // the 5th of person 0 by name
    const again = await interrupt(workspace, 'SIGKILL');
    assert.ok(Number.isNaN(goesOnAt(again)), again.stderr);

    const names = namesIn(prepared(workspace));
    assert.deepEqual(
      names.map((name) => name.slice(64)),
      ['.rows', '.unfinished', '.rows', '.unfinished'],
      'other pictures make another set',
    );
    await sweepLeftovers(workspace);
    assert.deepEqual(namesIn(prepared(workspace)), names);
    const old = new Date(Date.now() - 8 * 86_400_000);
    for (const name of names) utimesSync(join(prepared(workspace), name), old, old);
    assert.match(
      (await arcbench(['check', '--workspace', workspace]).ended).stdout,
      /was stopped more than a week ago/,
    );
    await sweepLeftovers(workspace);
    assert.deepEqual(namesIn(prepared(workspace)), []);
  },
);
