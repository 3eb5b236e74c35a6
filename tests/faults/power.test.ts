import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lossRuns } from './powerLoss/lossRuns.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-power-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test(
  'a workspace that lost what was not synced names nothing that is not there, and runs that are resumed from ' +
    'it end with the bits of one in peace',
  async () => {
    const { losses, resumed, byArea, mismatches } = await lossRuns({
      folder,
      losses: 25,
      resume: 2,
      seed: 5,
      tell: () => undefined,
    });
    assert.deepEqual(mismatches, []);
    assert.deepEqual([losses, resumed], [25, 2]);
    assert.ok(byArea.checkpoints > 0 && byArea.database > 0 && byArea.end > 0, JSON.stringify(byArea));
  },
);
