import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { fuzz } from './fuzz/fuzz.ts';
import { fuzzTargets, type FuzzTarget } from './fuzz/fuzzTargets.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-fuzz-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A parser with a fault behind three bytes, each behind the one before: chance alone needs millions of inputs. */
function planted(path: string): void {
  const bytes = readFileSync(path);
  if (bytes[0] !== 0x41) throw new ArcBenchError('wrong-input', `${path} has a wrong first byte: correct it.`);
  if (bytes[1] !== 0x52) throw new ArcBenchError('wrong-input', `${path} has a wrong second byte: correct it.`);
  if (bytes[2] !== 0x43) throw new ArcBenchError('wrong-input', `${path} has a wrong third byte: correct it.`);
  throw new TypeError('the planted fault');
}

test('the fuzzer finds a fault behind three branches, by the branches that its inputs reach', async () => {
  const target: FuzzTarget = {
    name: 'planted',
    path: 'x',
    seeds: () => [Buffer.alloc(3)],
    words: ['A', 'R', 'C'],
    run: planted,
  };
  const { findings } = await fuzz(target, {
    folder: join(folder, 'planted'),
    seconds: 20,
    seed: 1,
    guides: (url) => url.endsWith('/fuzz.test.ts'),
    until: 1,
  });
  assert.equal(findings.length, 1);
  assert.match(findings[0]?.what ?? '', /the planted fault/);
  assert.equal(Buffer.from(findings[0]?.input.subarray(0, 3) ?? []).toString(), 'ARC');
});

test('each parser takes its own seeds, and changed ones find nothing', async () => {
  for (const target of fuzzTargets) {
    const result = await fuzz(target, { folder: join(folder, target.name), seconds: 0.2, seed: 1 });
    assert.deepEqual(
      result.findings.map(({ what }) => what),
      [],
      target.name,
    );
    assert.ok(result.accepted > 0 && result.branches > 10, `${target.name}: ${result.accepted} accepted`);
  }
});
