import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { EngineName } from '../../../src-shared/runEngine.ts';
import { inheritedEnvironment, neutralFolder } from '../../files/programEnvironment.mjs';
import type { EmbedAnswer, EmbeddedModel, EmbedRequest } from './embedderMessages.ts';

/** Embeds faces in a process of its own, because TensorFlow may abort the process that it runs in. */
export interface Embedder {
  /**
   * Unit embeddings [faces, embeddingSize] of RGB uint8 [faces, inputSize, inputSize, 3]. Rejects with ArcBenchError;
   * the next call starts a new process where this one has died.
   */
  embed(model: EmbeddedModel, pixels: Uint8Array): Promise<Float32Array>;
  close(): void;
}

interface Waiting {
  readonly settle: (units: Float32Array) => void;
  readonly fail: (error: ArcBenchError) => void;
}

const keptErrorCharacters = 4000;

/**
 * An embedder, whose process starts with the first call and ends when it has had nothing to do for `idleAfter`
 * milliseconds, so that it holds no memory for nothing.
 */
export function startEmbedder({
  engine = 'auto',
  idleAfter = 300_000,
}: { readonly engine?: EngineName; readonly idleAfter?: number } = {}): Embedder {
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | null = null;
  let idle: NodeJS.Timeout | undefined;
  let next = 0;
  const rest = () => {
    if (waiting.size > 0) return;
    idle = setTimeout(() => {
      const resting = child;
      child = null; // what is asked for meanwhile goes to a new process
      resting?.kill();
    }, idleAfter);
    idle.unref();
  };
  const end = (process: ChildProcess, error: ArcBenchError) => {
    if (child !== process) return;
    child = null;
    clearTimeout(idle);
    for (const { fail } of waiting.values()) fail(error);
    waiting.clear();
  };
  const hear = (answer: EmbedAnswer) => {
    const asker = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('units' in answer) asker?.settle(answer.units);
    else asker?.fail(new ArcBenchError(answer.code, answer.message));
    rest();
  };
  return {
    embed: (model, pixels) =>
      new Promise((settle, fail) => {
        clearTimeout(idle);
        const id = next++;
        waiting.set(id, { settle, fail });
        child ??= startProcess(engine, { hear, end });
        child.send({ id, model, pixels } satisfies EmbedRequest, () => undefined); // a death is noticed by its exit
      }),
    close() {
      const closing = child;
      if (closing) end(closing, new ArcBenchError('cancelled', 'The embedding was stopped.'));
      closing?.kill();
    },
  };
}

/** Starts the process. `end` gets it with the reason of its death. */
function startProcess(
  engine: EngineName,
  listeners: {
    readonly hear: (answer: EmbedAnswer) => void;
    readonly end: (process: ChildProcess, error: ArcBenchError) => void;
  },
): ChildProcess {
  const started = fork(fileURLToPath(new URL('embedderProcess.ts', import.meta.url)), [engine], {
    execArgv: ['--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    serialization: 'advanced',
    cwd: neutralFolder,
    env: inheritedEnvironment({
      TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '3',
      ...(engine === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
    }),
  });
  let errors = '';
  started.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-keptErrorCharacters);
  });
  started.on('message', listeners.hear);
  started.on('error', () => undefined); // its exit follows
  started.on('exit', (code, signal) => {
    const last = errors.trim().split('\n').at(-1) ?? '';
    const how = `${signal ?? `exit code ${code}`}${last === '' ? '' : `: ${last}`}`;
    const remedy = 'free some memory if it is short, and try again';
    listeners.end(started, new ArcBenchError('failed', `The process that embeds faces ended (${how}): ${remedy}.`));
  });
  return started;
}
