import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inheritedEnvironment, neutralFolder } from '../files/programEnvironment.mjs';
import { ArcBenchError, type ErrorCode } from '../../src-shared/errors.ts';

/**
 * How many faces a picture shows, and the five points of the largest in pixels of the EXIF-turned picture (none without
 * a face).
 */
export interface FoundFaces {
  readonly faces: number;
  readonly landmarks: readonly number[];
}
type Answer = FoundFaces | { readonly reason: string };

/** What the detector's process says: pictures are answered in the order in which their paths were sent. */
export type DetectorMessage =
  | { readonly kind: 'picture'; readonly found: Answer }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Finds faces in a process of its own, so that the caller survives whatever TensorFlow does. */
export interface FaceFinder {
  /**
   * Rejects with ArcBenchError where the detector cannot work at all; a picture that it cannot search gives the reason
   * in one sentence.
   */
  find(path: string): Promise<Answer>;
  close(): void;
}

const deathsInARow = 3;

/** Starts the face detector, on the CPU, so that every machine finds the same points. */
export function startFaceFinder(): FaceFinder {
  const waiting: {
    readonly path: string;
    readonly settle: (found: Answer) => void;
    readonly fail: (error: ArcBenchError) => void;
  }[] = [];
  let failure: ArcBenchError | null = null;
  let deaths = 0;
  const failAll = (error: ArcBenchError) => {
    failure = error;
    child.kill();
    for (const { fail } of waiting.splice(0)) fail(error);
  };
  const start = (): ChildProcess => {
    const started = fork(fileURLToPath(new URL('detectorProcess.ts', import.meta.url)), {
      execArgv: ['--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      serialization: 'advanced',
      cwd: neutralFolder,
      env: inheritedEnvironment({
        TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '3',
        CUDA_VISIBLE_DEVICES: '-1',
      }),
    });
    let errors = '';
    started.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000);
    });
    started.on('message', (message: DetectorMessage) => {
      if (message.kind === 'failed') return failAll(new ArcBenchError(message.code, message.message));
      deaths = 0;
      waiting.shift()?.settle(message.found);
    });
    started.on('exit', (code, signal) => {
      if (failure) return;
      const last =
        errors
          .trim()
          .split('\n')
          .filter((line) => !/^(WARNING|[IW]\d{4} )/.test(line))
          .at(-1) ?? ''; // TensorFlow also tells what is no error
      const how = `${signal ?? `exit code ${code}`}${last === '' ? '' : `: ${last}`}`;
      if (++deaths === deathsInARow)
        return failAll(
          new ArcBenchError(
            'failed',
            `The face detector ended without a word ${deathsInARow} times in a row (${how}): give landmarks ` +
              'in a CSV, or choose prepare.alignment: centreCrop.',
          ),
        );
      waiting.shift()?.settle({
        reason:
          `The face detector ended without a word on this picture (${how}): leave it out, or give its ` + 'landmarks.',
      });
      child = start();
      for (const { path } of waiting) child.send(path);
    });
    return started;
  };
  let child = start();
  return {
    find: (path) =>
      new Promise((settle, fail) => {
        if (failure) return fail(failure);
        waiting.push({ path, settle, fail });
        if (child.connected) child.send(path); // else it has just died, and its successor is sent all that waits
      }),
    close: () => failAll(new ArcBenchError('cancelled', 'The search for faces was ended.')),
  };
}
