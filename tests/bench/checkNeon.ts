// Checks the kernels on NEON, on an aarch64 that QEMU emulates where this machine is none: `npm run check:neon`.
// First each kernel is compared with plain loops, in a minute, and on x86-64 those of this machine too. Then the engine
// is installed for aarch64 and the tests of the kernels run on it, which compare with TensorFlow's own operations:
// `-- --loops` leaves that out. An emulated machine says nothing of speed.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDebianPackages } from '../debianPackages.ts';
import { aarch64Packages, findAarch64 } from '../engine/aarch64.ts';
import { makeCheckout } from '../engine/emulatedCheckout.ts';
import { kernelTests, runKernelCheck, type KernelCheck, type KernelMachine } from '../engine/kernelCheck.ts';

/** Those that measure time. */
const measuring = 'takes less than';

function foundAarch64(): KernelMachine | string {
  const found = findAarch64();
  if (typeof found !== 'string') return found;
  installDebianPackages('--no-install-recommends', ...aarch64Packages);
  return findAarch64();
}

const native = (name: string, environment: NodeJS.ProcessEnv): KernelMachine => ({
  name,
  compiler: ['g++'],
  emulator: [],
  environment,
});
const machinesHere =
  process.arch === 'x64'
    ? [native('x86-64, all instructions', {}), native('x86-64, AVX2', { ONEDNN_MAX_CPU_ISA: 'AVX2' })]
    : [];

/** Compares with plain loops, prints what was found, and returns whether all of it is near enough. */
function compareWithLoops(machine: KernelMachine, folder: string): boolean {
  const results = (['passCheck', 'convolutionCheck'] satisfies KernelCheck[]).map((check) =>
    runKernelCheck(check, machine, folder),
  );
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.flatMap((result) => result.failed);
  const largest = Math.max(...results.map((result) => result.largest)).toExponential(1);
  console.log(
    `${machine.name}: ${passed} of ${passed + failed.length} comparisons with plain loops pass, ` +
      `the largest difference is ${largest}`,
  );
  for (const line of failed) console.log(line);
  return failed.length === 0;
}

/** Runs the tests of the kernels on the machine's own engine. */
function compareWithTensorFlow(machine: KernelMachine, folder: string): boolean {
  const checkout = makeCheckout(machine, folder);
  const ended = kernelTests.map((name) => {
    console.log(`\n${machine.name}: tests/engine/${name}.test.ts`);
    return checkout.run(`--test-skip-pattern=${measuring}`, join('tests', 'engine', `${name}.test.ts`));
  });
  return ended.every(Boolean);
}

const aarch64 = foundAarch64();
if (typeof aarch64 === 'string') {
  console.error(`${aarch64}.`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'arcbench-neon-'));
try {
  const checkout = join(folder, 'checkout');
  mkdirSync(checkout);
  const nearLoops = [...machinesHere, aarch64].map((machine) => compareWithLoops(machine, folder)).every(Boolean);
  const nearTensorFlow = process.argv.includes('--loops') || compareWithTensorFlow(aarch64, checkout);
  process.exitCode = nearLoops && nearTensorFlow ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
