import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (...args: readonly string[]) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status;

/** The tests named on the command line; all of them where none is. */
const files = process.argv.slice(2);
const isWhole = files.length === 0;

// Two files at a time: on two cores Node's default is one, and most tests wait. A test that sets no limit of its own
// fails after five minutes, with its name.
const runTests = [
  '--import=./scripts/fileLimit.mjs',
  '--test',
  '--test-concurrency=2',
  '--test-timeout=300000',
  '--test-reporter=spec',
  '--test-reporter-destination=stdout',
  '--test-reporter=./scripts/suiteSummary.mjs',
  '--test-reporter-destination=stdout',
  ...(isWhole ? ['tests/**/*.test.ts'] : files),
];
const isSound = !isWhole || run('scripts/check.ts') === 0;
process.exitCode = isSound && run('scripts/build.ts') === 0 ? (run(...runTests) ?? 1) : 1;
