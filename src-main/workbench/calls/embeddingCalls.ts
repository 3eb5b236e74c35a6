import { statSync } from 'node:fs';
import type { CheckedInput } from '../../../src-shared/api.ts';
import type { Neighbour } from '../../../src-shared/answers/embeddingAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { largest } from '../../../src-shared/maths/largest.ts';
import { embeddingSpace, readUnits } from '../results/embeddingSpace.ts';
import { pointsIn, projectionFile, type PlacingRequest } from '../results/placeEmbeddings.ts';
import type { CallContext, CallsOf } from './callContext.ts';

const titles = { pca: 'PCA', tsne: 't-SNE', umap: 'UMAP', sphere: 'The unit sphere' } as const satisfies Record<
  CheckedInput<'embedding.project'>['method'],
  string
>;

/** `keptProjection` reads in another thread, where it blocks no screen; it throws where embeddings cannot be placed. */
export function embeddingCalls(
  { store, jobs, workInThread }: CallContext,
  keptProjection: (request: PlacingRequest) => Promise<string | null> = () => Promise.resolve(null),
): CallsOf<'embedding'> {
  const fileOf = (run: string, hash: string) => projectionFile(store, run, hash);
  // one picture after the other is asked for
  let last: { readonly key: string; readonly units: ReturnType<typeof readUnits> } | null = null;
  const unitsOf = (path: string, rows: number) => {
    const key = `${path} ${statSync(path).mtimeMs}`; // a run that is started again writes the same path
    if (last?.key !== key) last = { key, units: readUnits(path, rows) };
    return last.units;
  };
  return {
    'embedding.project': async (request) => {
      const { run, method } = request;
      const kept = await keptProjection(request); // what is there already waits behind no other
      const row = store.run(run);
      return jobs.add({
        kind: 'projection',
        title: `${titles[method]} of ${row?.arm ?? run}, seed ${row?.seed ?? ''}`,
        atOnce: kept !== null,
        work: async (job) => kept ?? (await workInThread({ kind: 'projection', request }, job)),
      });
    },
    'embedding.kept': (request) => keptProjection(request),
    'embedding.points': ({ projection }) => {
      const [, run, hash] = /^([\w-]+)\.([0-9a-f]{16})$/.exec(projection) ?? [];
      const points = run === undefined || hash === undefined ? null : pointsIn(fileOf(run, hash));
      if (points === null)
        throw new ArcBenchError('wrong-input', `There is no whole projection ${projection}: compute it again.`);
      return points;
    },
    'embedding.neighbours': ({ run, snapshot, row, count }) => {
      const { rows, frames } = embeddingSpace(store, run, snapshot === null ? 'end' : 'epochs');
      const frame = frames.find((entry) => entry.snapshot === snapshot);
      if (!frame)
        throw new ArcBenchError(
          'wrong-input',
          `The run ${run} kept no embeddings of epoch ${snapshot}: choose one of ` +
            `${frames.map((entry) => entry.snapshot).join(', ')}.`,
        );
      if (row >= rows.length)
        throw new ArcBenchError(
          'wrong-input',
          `There is no row ${row} in the embeddings of run ${run}: it has ${rows.length}, counted from 0.`,
        );
      return nearestRows(unitsOf(frame.path, rows.length), row, count);
    },
  };
}

/** The `count` rows of largest cosine with one unit row [rows, size], itself left out. */
function nearestRows(
  { values, size }: { readonly values: Float32Array; readonly size: number },
  row: number,
  count: number,
): Neighbour[] {
  const nearest = largest<number>(count);
  for (let other = 0; other < values.length / size; other++) {
    if (other === row) continue;
    let cosine = 0;
    for (let column = 0; column < size; column++)
      cosine += values[row * size + column]! * values[other * size + column]!;
    if (cosine > nearest.bar()) nearest.add(cosine, other);
  }
  return nearest.items().map(({ item, value }) => ({ row: item, cosine: value }));
}
