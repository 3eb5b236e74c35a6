import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckedInput, EmbeddingPoints, Neighbour } from '../../../src-shared/api.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { largest } from '../../../src-shared/maths/largest.ts';
import { checkedBody, checksummed } from '../../data/checksummed.ts';
import { makeFolder, writeWhole } from '../../data/writeWhole.ts';
import { projectEmbeddings } from '../../evaluate/projection/projectEmbeddings.ts';
import { anglesToMeans, embeddingSpace, readUnits } from '../embeddingSpace.ts';
import { runFolderOf } from '../trainArms.ts';
import type { CallContext, CallsOf } from './callContext.ts';

const titles = { pca: 'PCA', tsne: 't-SNE', umap: 'UMAP', sphere: 'The unit sphere' } as const satisfies Record<CheckedInput<'embedding.project'>['method'], string>;

/** What a file holds; null where it is not there or not whole. */
function pointsIn(path: string): EmbeddingPoints | null {
  try {
    return JSON.parse(checkedBody(readFileSync(path, 'utf8'))) as EmbeddingPoints;
  } catch {
    return null;
  }
}

export function embeddingCalls({ store, jobs }: CallContext): CallsOf<'embedding'> {
  const fileOf = (run: string, hash: string) => join(runFolderOf(store, run), 'projections', `${hash}.json`);
  let last: { readonly key: string; readonly units: ReturnType<typeof readUnits> } | null = null; // one picture after the other is asked for
  const unitsOf = (path: string, rows: number) => {
    const key = `${path} ${statSync(path).mtimeMs}`; // a run that is begun anew writes the same path
    if (last?.key !== key) last = { key, units: readUnits(path, rows) };
    return last.units;
  };
  return {
    'embedding.project': ({ run, ...request }) => {
      const { rows, frames } = embeddingSpace(store, run, request.of);
      const row = store.run(run);
      return jobs.add({
        kind: 'projection', title: `${titles[request.method]} of ${row?.arm ?? run}, seed ${row?.seed ?? ''}`,
        work: async ({ signal, progress }) => {
          const read = frames.map(({ path }) => readUnits(path, rows.length));
          const digest = createHash('sha256').update(JSON.stringify([run, relevant(request)]));
          for (const { values } of read) digest.update(values);
          const hash = digest.digest('hex').slice(0, 16);
          const result = `${run}.${hash}`;
          if (pointsIn(fileOf(run, hash)) !== null) return result;
          progress.stage(request.of === 'end' ? `Placing ${rows.length} pictures` : `Placing ${rows.length} pictures after each of ${frames.length} epochs`);
          const placed: EmbeddingPoints['frames'][number][] = [];
          for (const [at, { values, size }] of read.entries()) {
            const step = (share: number) => progress.step({ done: Math.round((at + share) * 100), total: frames.length * 100, note: frames.length === 1 ? '' : `epoch ${frames[at]?.snapshot}` });
            const coordinates = request.method === 'sphere'
              ? onSphere(values, size, request.dimensions)
              : await projectEmbeddings(values, size, { method: request.method, dimensions: request.dimensions, seed: request.seed, neighbours: request.neighbours, signal, onProgress: step });
            placed.push({ snapshot: frames[at]?.snapshot ?? null, coordinates: [...coordinates], angleDegrees: anglesToMeans(values, size, rows.map(({ identity }) => identity)) });
            step(1);
          }
          await makeFolder(join(runFolderOf(store, run), 'projections'));
          await writeWhole(fileOf(run, hash), checksummed(JSON.stringify({ run, method: request.method, dimensions: request.dimensions, rows, frames: placed } satisfies EmbeddingPoints)));
          return result;
        },
      });
    },
    'embedding.points': ({ projection }) => {
      const [, run, hash] = /^([\w-]+)\.([0-9a-f]{16})$/.exec(projection) ?? [];
      const points = run === undefined || hash === undefined ? null : pointsIn(fileOf(run, hash));
      if (points === null) throw new ArcBenchError('wrong-input', `There is no whole projection ${projection}: compute it again.`);
      return points;
    },
    'embedding.neighbours': ({ run, snapshot, row, count }) => {
      const { rows, frames } = embeddingSpace(store, run, snapshot === null ? 'end' : 'epochs');
      const frame = frames.find((entry) => entry.snapshot === snapshot);
      if (!frame) throw new ArcBenchError('wrong-input', `The run ${run} kept no embeddings of epoch ${snapshot}: choose one of ${frames.map((entry) => entry.snapshot).join(', ')}.`);
      if (row >= rows.length) throw new ArcBenchError('wrong-input', `There is no row ${row} in the embeddings of run ${run}: it has ${rows.length}, counted from 0.`);
      return nearestRows(unitsOf(frame.path, rows.length), row, count);
    },
  };
}

/** The knobs that the picture depends on, so that another seed of the sphere is no other picture. */
function relevant({ of, method, dimensions, seed, neighbours }: Omit<CheckedInput<'embedding.project'>, 'run'>) {
  switch (method) {
    case 'sphere': return { of, method, dimensions };
    case 'pca': return { of, method, dimensions, seed };
    case 'tsne': case 'umap': return { of, method, dimensions, seed, neighbours };
  }
}

function onSphere(values: Float32Array, size: number, dimensions: 2 | 3): Float32Array {
  if (size !== 3 || dimensions !== 3) throw new ArcBenchError('wrong-input', `The unit sphere shows embeddings of 3 numbers in 3 dimensions, and these have ${size}: set model.embeddingSize to 3, or choose PCA, t-SNE or UMAP.`);
  return values;
}

/** The `count` rows of largest cosine with one unit row [rows, size], itself left out. */
function nearestRows({ values, size }: { readonly values: Float32Array; readonly size: number }, row: number, count: number): Neighbour[] {
  const nearest = largest<number>(count);
  for (let other = 0; other < values.length / size; other++) {
    if (other === row) continue;
    let cosine = 0;
    for (let column = 0; column < size; column++) cosine += values[row * size + column]! * values[other * size + column]!;
    if (cosine > nearest.bar()) nearest.add(cosine, other);
  }
  return nearest.items().map(({ item, value }) => ({ row: item, cosine: value }));
}
