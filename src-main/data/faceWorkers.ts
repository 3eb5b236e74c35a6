import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { FaceImage } from './dataset.ts';
import type { Cut, DecodedFace } from './decodeFace.ts';
import { budgetOfThread } from './memoryBudget.ts';

export interface CutTask {
  readonly image: FaceImage;
  readonly cut: Cut;
}
export type CutFace = Omit<DecodedFace, 'pixels'> | { readonly reason: string };
/**
 * The result for each picture of a batch, and the pixels of its faces one after the other, RGB uint8
 * [n][inputSize][inputSize][3], with their SHA-256.
 */
export interface CutBatch {
  readonly faces: readonly CutFace[];
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

export interface BatchTask {
  readonly id: number;
  readonly tasks: readonly CutTask[];
}
export interface BatchAnswer extends CutBatch {
  readonly id: number;
}

/** Threads that decode pictures and cut faces out of them, so that all cores are used. */
export interface FaceWorkers {
  /** Runs `decodeFace` for each picture, on one of the threads. */
  cut(tasks: readonly CutTask[]): Promise<CutBatch>;
  readonly threads: number;
  close(): Promise<void>;
}

const mostWorkers = 4; // libuv's pool, in which sharp decodes, has four threads

/** Starts one thread for each core, at most four. */
export function startFaceWorkers(): FaceWorkers {
  const waiting = new Map<
    number,
    { readonly settle: (batch: CutBatch) => void; readonly fail: (error: ArcBenchError) => void }
  >();
  let ended: ArcBenchError | null = null;
  const end = (error: ArcBenchError) => {
    ended ??= error;
    for (const { fail } of waiting.values()) fail(ended);
    waiting.clear();
  };
  const threads = Math.min(mostWorkers, availableParallelism());
  const workers = Array.from({ length: threads }, () => {
    const { release, ...workerData } = budgetOfThread();
    const worker = new Worker(new URL('faceWorker.ts', import.meta.url), { workerData });
    worker.on('exit', release); // the thread may end in the middle of a picture
    worker.on('message', ({ id, ...batch }: BatchAnswer) => {
      waiting.get(id)?.settle(batch);
      waiting.delete(id);
    });
    worker.on('error', (cause) =>
      end(
        new ArcBenchError(
          'failed',
          `Decoding the pictures failed (${cause instanceof Error ? cause.message : String(cause)}): close other ` +
            'programs if memory is short, and run again.',
          { cause },
        ),
      ),
    );
    return worker;
  });
  let next = 0;
  return {
    cut: (tasks) =>
      new Promise((settle, fail) => {
        if (ended) return fail(ended);
        const id = next++;
        waiting.set(id, { settle, fail });
        workers[id % threads]?.postMessage({ id, tasks } satisfies BatchTask);
      }),
    threads,
    async close() {
      end(new ArcBenchError('cancelled', 'Preparing was stopped.'));
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
