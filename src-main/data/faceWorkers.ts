import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { FaceImage } from './dataset.ts';
import type { Cut, DecodedFace } from './decodeFace.ts';

type Answer = DecodedFace | { readonly reason: string };
export interface CutTask { readonly id: number; readonly image: FaceImage; readonly cut: Cut }
export interface CutAnswer { readonly id: number; readonly face: Answer }

/** Threads that decode pictures and cut faces out of them, so that neither the caller's thread nor one core is the limit. */
export interface FaceWorkers {
  /** As `decodeFace`, on one of the threads. */
  cut(image: FaceImage, cut: Cut): Promise<Answer>;
  close(): Promise<void>;
}

const mostWorkers = 4; // libuv's pool, in which sharp decodes, has four threads

/** Starts as many threads as there are cores, four at most. */
export function startFaceWorkers(): FaceWorkers {
  const waiting = new Map<number, { readonly settle: (face: Answer) => void; readonly fail: (error: ArcBenchError) => void }>();
  let ended: ArcBenchError | null = null;
  const end = (error: ArcBenchError) => {
    ended ??= error;
    for (const { fail } of waiting.values()) fail(ended);
    waiting.clear();
  };
  const workers = Array.from({ length: Math.min(mostWorkers, availableParallelism()) }, () => {
    const worker = new Worker(new URL('faceWorker.ts', import.meta.url));
    worker.on('message', ({ id, face }: CutAnswer) => {
      waiting.get(id)?.settle(face);
      waiting.delete(id);
    });
    worker.on('error', (cause) => end(new ArcBenchError('failed', `The pictures cannot be decoded any more (${cause instanceof Error ? cause.message : String(cause)}): close other programs if memory is short, and run again.`, { cause })));
    return worker;
  });
  let next = 0;
  return {
    cut: (image, cut) => new Promise((settle, fail) => {
      if (ended) return fail(ended);
      const id = next++;
      waiting.set(id, { settle, fail });
      workers[id % workers.length]?.postMessage({ id, image, cut } satisfies CutTask);
    }),
    async close() {
      end(new ArcBenchError('cancelled', 'Preparing was stopped.'));
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
