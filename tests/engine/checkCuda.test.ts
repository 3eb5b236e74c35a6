import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('`npm run check:cuda` checks the CPU where there is no card, and prints a table', () => {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('../bench/checkCuda.ts', import.meta.url)), '--small'],
    { encoding: 'utf8', env: environment },
  );
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /\| Device \| (cpu|cuda) \|/);
  assert.match(stdout, /\| a resumed run: mobilefacenet \| equal bits \|/);
  assert.match(stdout, /\| smallcnn \| [\d.]+ \|/);
  assert.match(stdout, /All 6 checks passed\./);
});
