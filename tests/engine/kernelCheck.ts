import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const kernels = pathOf('../../src-main/engine/native');

/** A machine that kernels are compiled for and run on: this one, or an emulated one. */
export interface KernelMachine {
  readonly name: string;
  readonly compiler: readonly string[];
  /** What runs a program of it: nothing where it runs by itself. */
  readonly emulator: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** The tests that compare kernels with TensorFlow's operations. */
export const kernelTests = [
  'winograd',
  'strided',
  'depthwise',
  'normalisedDepthwise',
  'normalisedPointwise',
  'residualBatchNorm',
];

/** Programs in C++ that compare kernels with plain loops, each with the sources of engine/native that it needs. */
export const kernelChecks = {
  passCheck: ['batchNormPasses', 'depthwiseConvolution', 'normalisedDepthwise', 'normalisedPointwise', 'products'],
  convolutionCheck: [
    'products',
    'tiles',
    'winogradConvolution',
    'polyphaseConvolution',
    'stemConvolution',
    'stridedConvolution',
  ],
} as const;
export type KernelCheck = keyof typeof kernelChecks;

export interface KernelResult {
  /** Lines of comparisons that passed, and of those that did not. */
  readonly passed: number;
  readonly failed: readonly string[];
  /** The largest difference, as a share of what is expected. */
  readonly largest: number;
}

/** Compiles a check for a machine into `folder` and runs it there. Throws what the compiler or the program said. */
export function runKernelCheck(check: KernelCheck, machine: KernelMachine, folder: string): KernelResult {
  const program = join(folder, check);
  const run = (command: readonly string[]) => {
    const [name = '', ...args] = command;
    const { status, error, stdout, stderr } = spawnSync(name, args, {
      encoding: 'utf8',
      env: { ...process.env, ...machine.environment },
    });
    return { status, stdout, said: `${error?.message ?? ''}${stderr}` };
  };
  const sources = [pathOf(`native/${check}.cc`), ...kernelChecks[check].map((source) => join(kernels, `${source}.cc`))];
  const compiled = run([
    ...machine.compiler,
    ...['-std=c++17', '-O2', '-Wall', '-Werror', '-pthread', `-I${kernels}`, ...sources, '-o', program],
  ]);
  if (compiled.status !== 0) throw new Error(`${check} could not be compiled: ${compiled.said}`);
  const ended = run([...machine.emulator, program]);
  const lines = ended.stdout.trim().split('\n');
  const failed = lines.filter((line) => !line.startsWith('ok '));
  if (ended.status !== 0 && failed.length === 0) throw new Error(`${check} ended with ${ended.status}: ${ended.said}`);
  const differences = lines.map((line) => Number(/differs by (\S+),/.exec(line)?.[1]));
  return { passed: lines.length - failed.length, failed, largest: Math.max(...differences) };
}
