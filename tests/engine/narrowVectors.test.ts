import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { kernelTests } from './kernelCheck.ts';

/** The tests of the kernels once more, on the instructions of a processor without AVX-512. */
for (const name of kernelTests) {
  test(`${name}.test.ts passes where ONEDNN_MAX_CPU_ISA=AVX2 forbids AVX-512`, () => {
    // else the inner tests report to the outer runner and not on stdout
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--test', '--test-reporter=spec', fileURLToPath(new URL(`${name}.test.ts`, import.meta.url))],
      { env: { ...environment, ONEDNN_MAX_CPU_ISA: 'AVX2' }, encoding: 'utf8' },
    );
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, /pass [1-9]/);
  });
}
