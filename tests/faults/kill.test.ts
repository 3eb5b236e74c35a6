import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { killRuns } from './killRuns.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-kill-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('runs that are killed six times end with the bits of one that was not', async () => {
  const { kills, resumes, mismatches } = await killRuns({ folder, kills: 6, seed: 1, tell: () => undefined });
  assert.deepEqual(mismatches, []);
  assert.ok(kills >= 6 && resumes >= 1, `${kills} kills, ${resumes} resumes`);
});
