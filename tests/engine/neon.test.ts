import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findAarch64 } from './aarch64.ts';
import { runKernelCheck } from './kernelCheck.ts';

const machine = findAarch64();

// `npm run check:neon` checks every kernel.
test('on aarch64, depthwise convolution, batch norm and the optimiser equal plain loops to 1e-5', (t) => {
  if (typeof machine === 'string') return t.skip(machine);
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-neon-'));
  try {
    const { passed, failed } = runKernelCheck('passCheck', machine, folder);
    assert.deepEqual(failed, []);
    assert.ok(passed > 100, `only ${passed} comparisons`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
