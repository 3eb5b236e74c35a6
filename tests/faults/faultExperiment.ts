import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));

/** Writes an experiment of two arms that takes seconds. */
export function writeFaultExperiment(
  path: string,
  { people = 8, epochs = 3 }: { readonly people?: number; readonly epochs?: number } = {},
): string {
  writeFileSync(
    path,
    `name: Faults
data: { source: demo, demo: { people: ${people}, imagesPerPerson: 8 } }
prepare: { inputSize: 32 }
split: { query: 0.25, distractors: 0.1 }
model: { backbone: smallcnn, embeddingSize: 8 }
training: { epochs: ${epochs}, batchSize: 8, learningRate: 0.05 }
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, marginRadians: 0.2, scale: 16 } }
`,
  );
  return path;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}
export interface Arcbench {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
}

export interface StartOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** What it is started through, such as prlimit. */
  readonly through?: readonly string[];
}

/** Starts the command line on the CPU engine; `hear` gets each line of stderr. */
export function arcbench(
  args: readonly string[],
  hear: (line: string) => void = () => undefined,
  { environment = {}, through = [] }: StartOptions = {},
): Arcbench {
  const [program = process.execPath, ...more] = through;
  const child = spawn(
    program,
    [...more, ...(through.length > 0 ? [process.execPath] : []), main, '--engine', 'cpu', ...args],
    { env: { ...process.env, NODE_NO_WARNINGS: '1', ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  let told = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (let end = stderr.indexOf('\n', told); end >= 0; end = stderr.indexOf('\n', told)) {
      hear(stderr.slice(told, end));
      told = end + 1;
    }
  });
  // Not 'close': a trainer that outlives the one who started it holds its stdout.
  return {
    child,
    ended: new Promise((resolve) =>
      child.once('exit', (code, signal) => setImmediate(() => resolve({ code, signal, stdout, stderr }))),
    ),
  };
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
};

/** Ids of the processes that a process has started, whichever of its threads did. */
export function childrenOf(processId: number): number[] {
  let threads: readonly string[] = [];
  try {
    threads = readdirSync(`/proc/${processId}/task`);
  } catch {
    // it has ended meanwhile
  }
  return threads.flatMap((thread) =>
    textOf(`/proc/${processId}/task/${thread}/children`).trim().split(' ').filter(Boolean).map(Number),
  );
}

/** Ids of the trainer processes that a process has started. */
export const trainersOf = (processId: number): number[] =>
  childrenOf(processId).filter((child) => runs(child, 'trainerProcess'));

/** Whether a process runs the program of this name. */
export const runs = (processId: number, program: string): boolean =>
  textOf(`/proc/${processId}/cmdline`).includes(program);
