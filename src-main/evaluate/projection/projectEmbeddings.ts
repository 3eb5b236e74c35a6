import { Worker } from 'node:worker_threads';
import { ArcBenchError } from '../../../src-shared/errors.ts';

export const projectionMethods = ['pca', 'tsne', 'umap'] as const;
export type ProjectionMethod = (typeof projectionMethods)[number];

export interface ProjectionOptions {
  readonly method: ProjectionMethod;
  readonly dimensions: 2 | 3;
  readonly seed: number;
  /** t-SNE's perplexity, UMAP's number of neighbours; lowered where there are too few points. */
  readonly neighbours?: number;
}

export interface ProjectionTask extends ProjectionOptions {
  readonly values: Float32Array;
  readonly size: number;
}
export type ProjectionMessage =
  { readonly kind: 'progress'; readonly share: number } | { readonly kind: 'done'; readonly coordinates: Float32Array };

/** More points than these would take many minutes. */
const mostPoints = { pca: Number.POSITIVE_INFINITY, tsne: 50_000, umap: 20_000 } as const satisfies Record<
  ProjectionMethod,
  number
>;

/**
 * Lays embeddings [points, size] out in two or three dimensions, in a thread of its own; resolves with [points,
 * dimensions]. The same seed gives the same picture. Throws 'wrong-input' for too few or too many points, and
 * 'cancelled' when the signal aborts.
 */
export function projectEmbeddings(
  values: Float32Array,
  size: number,
  {
    signal,
    onProgress,
    ...options
  }: ProjectionOptions & { readonly signal?: AbortSignal; readonly onProgress?: (share: number) => void },
): Promise<Float32Array> {
  const points = values.length / size;
  if (!Number.isInteger(points) || points < 4)
    return Promise.reject(
      new ArcBenchError(
        'wrong-input',
        `A projection needs at least 4 points of ${size} numbers, but got ${values.length} numbers: choose ` +
          'more pictures.',
      ),
    );
  if (points > mostPoints[options.method])
    return Promise.reject(
      new ArcBenchError(
        'wrong-input',
        `${options.method} lays out at most ${mostPoints[options.method]} points, but got ${points}: choose ` +
          'fewer pictures, or pca, which takes any number.',
      ),
    );
  const stopped = () => new ArcBenchError('cancelled', 'The projection was stopped: start it again for a picture.');
  if (signal?.aborted) return Promise.reject(stopped());
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./projectionWorker.ts', import.meta.url), {
      workerData: { ...options, values, size } satisfies ProjectionTask,
    });
    const settle = (action: () => void) => {
      signal?.removeEventListener('abort', stop);
      action();
      void worker.terminate();
    };
    const stop = () => settle(() => reject(stopped()));
    signal?.addEventListener('abort', stop);
    worker.on('message', (message: ProjectionMessage) => {
      if (message.kind === 'progress') onProgress?.(message.share);
      else settle(() => resolve(message.coordinates));
    });
    worker.on('error', (cause: unknown) =>
      settle(() =>
        reject(
          new ArcBenchError(
            'failed',
            `The projection by ${options.method} failed ` +
              `(${cause instanceof Error ? cause.message : String(cause)}): choose pca, or other pictures.`,
            { cause },
          ),
        ),
      ),
    );
    worker.on('exit', () =>
      settle(() =>
        reject(
          new ArcBenchError(
            'failed',
            `The projection by ${options.method} ended without a result: the machine may lack memory; choose ` +
              'fewer pictures.',
          ),
        ),
      ),
    );
  });
}
