import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Runs a program of the project and says whether it succeeded. */
async function succeeds(...args: readonly string[]): Promise<boolean> {
  const [code] = (await once(spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }), 'exit')) as [
    number | null,
  ];
  return code === 0;
}

/** The tests named on the command line; all of them where none is. */
const files = process.argv.slice(2);
const isWhole = files.length === 0;

// Three files at a time: on two cores Node's default is one, and most tests wait. A test that sets no limit of its own
// fails after five minutes, with its name.
const runTests = [
  '--import=./scripts/fileLimit.mjs',
  '--test',
  '--test-concurrency=3',
  '--test-timeout=300000',
  '--test-reporter=spec',
  '--test-reporter-destination=stdout',
  '--test-reporter=./scripts/suiteSummary.mjs',
  '--test-reporter-destination=stdout',
  ...(isWhole ? ['tests/**/*.test.ts'] : files),
];
const isReady = await Promise.all([!isWhole || succeeds('scripts/check.ts'), succeeds('scripts/build.ts')]);
process.exitCode = isReady.every(Boolean) && (await succeeds(...runTests)) ? 0 : 1;
