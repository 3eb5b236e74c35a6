import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CheckedInput } from '../../../src-shared/api.ts';
import type { EmbeddingPoints } from '../../../src-shared/answers/embeddingAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { checkedBody, checksummed } from '../../files/checksummed.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { makeFolder, writeWhole } from '../../files/writeWhole.ts';
import { projectEmbeddings } from '../../evaluate/projection/projectEmbeddings.ts';
import type { Store } from '../../store/store.ts';
import { anglesToMeans, embeddingSpace, readUnits } from './embeddingSpace.ts';
import type { JobContext } from '../jobQueue.ts';

export type PlacingRequest = CheckedInput<'embedding.project'>;

/** The file of a run's projection, whose name is a hash of what it depends on. */
export const projectionFile = (store: Store, run: string, hash: string): string =>
  join(workspaceFolders(store.workspace).filesOfRun(run).projections, `${hash}.json`);

/** What a projection's file holds; null where it is not there or not whole. */
export function pointsIn(path: string): EmbeddingPoints | null {
  try {
    return JSON.parse(checkedBody(readFileSync(path, 'utf8'))) as EmbeddingPoints;
  } catch {
    return null;
  }
}

function readFrames(store: Store, { run, of, ...request }: PlacingRequest) {
  const { rows, frames } = embeddingSpace(store, run, of);
  const read = frames.map(({ snapshot, path }) => ({ snapshot, ...readUnits(path, rows.length) }));
  const digest = createHash('sha256').update(JSON.stringify([run, relevant({ of, ...request })]));
  for (const { values } of read) digest.update(values);
  return { rows, read, hash: digest.digest('hex').slice(0, 16) };
}

/** The name of a projection that was made before; null where it must be made. */
export function keptProjection(store: Store, request: PlacingRequest): string | null {
  const { hash } = readFrames(store, request);
  return pointsIn(projectionFile(store, request.run, hash)) ? `${request.run}.${hash}` : null;
}

/**
 * Places a run's embeddings, keeps the result in the run's folder and returns its name. It reads and writes large
 * files, so it should run in a thread of its own.
 */
export async function placeEmbeddings(
  store: Store,
  request: PlacingRequest,
  { signal, progress }: Pick<JobContext, 'signal' | 'progress'>,
): Promise<string> {
  const { run, of, method, dimensions, seed, neighbours } = request;
  const { rows, read, hash } = readFrames(store, request);
  const path = projectionFile(store, run, hash);
  if (pointsIn(path)) return `${run}.${hash}`;
  progress.stage(
    of === 'end'
      ? `Placing ${rows.length} pictures`
      : `Placing ${rows.length} pictures after each of ${read.length} epochs`,
  );
  const placed: EmbeddingPoints['frames'][number][] = [];
  for (const [at, { snapshot, values, size }] of read.entries()) {
    const step = (share: number) =>
      progress.step({
        done: Math.round((at + share) * 100),
        total: read.length * 100,
        note: read.length === 1 ? '' : `epoch ${snapshot}`,
      });
    const coordinates =
      method === 'sphere'
        ? onSphere(values, size, dimensions)
        : await projectEmbeddings(values, size, { method, dimensions, seed, neighbours, signal, onProgress: step });
    placed.push({
      snapshot,
      coordinates: [...coordinates],
      angleDegrees: anglesToMeans(
        values,
        size,
        rows.map(({ identity }) => identity),
      ),
    });
    step(1);
  }
  await makeFolder(dirname(path));
  await writeWhole(
    path,
    checksummed(JSON.stringify({ run, method, dimensions, rows, frames: placed } satisfies EmbeddingPoints)),
  );
  return `${run}.${hash}`;
}

/** The knobs that the picture depends on: the sphere, for example, has no seed. */
function relevant({ of, method, dimensions, seed, neighbours }: Omit<PlacingRequest, 'run'>) {
  switch (method) {
    case 'sphere':
      return { of, method, dimensions };
    case 'pca':
      return { of, method, dimensions, seed };
    case 'tsne':
    case 'umap':
      return { of, method, dimensions, seed, neighbours };
  }
}

function onSphere(values: Float32Array, size: number, dimensions: 2 | 3): Float32Array {
  if (size !== 3 || dimensions !== 3)
    throw new ArcBenchError(
      'wrong-input',
      `The unit sphere shows embeddings of 3 numbers in 3 dimensions, and these have ${size}: set ` +
        'model.embeddingSize to 3, or choose PCA, t-SNE or UMAP.',
    );
  return values;
}
