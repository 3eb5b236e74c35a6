import { existsSync, readFileSync } from 'node:fs';
import { principalComponents } from '../../../src-shared/maths/principalComponents.ts';
import type { EmbeddingPicture } from '../../report/reportModel.ts';
import type { Store } from '../../store/store.ts';

const mostImages = 2000;

/**
 * The unit embeddings of a run's query part, people never seen in training, laid out along their first two principal
 * components; null where the run has left none.
 */
export function embeddingPicture(store: Store, run: string): EmbeddingPicture | null {
  const paths = new Map(store.artefacts(run).map(({ kind, path }) => [kind, path]));
  const embeddings = paths.get('embeddings');
  const labels = paths.get('labels');
  if (embeddings === undefined || labels === undefined || !existsSync(embeddings) || !existsSync(labels)) return null;
  const bytes = readFileSync(embeddings);
  // The .npy format, version 1: magic, version, length of the header in two bytes, header, values.
  const start = 10 + bytes.readUInt16LE(8);
  const size = Number(/'shape': \(\d+, (\d+)\)/.exec(bytes.toString('latin1', 10, start))?.[1]);
  const rows = readFileSync(labels, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const query = rows
    .flatMap(([person = '', part], row) => (part === 'query' ? [{ person, row }] : []))
    .slice(0, mostImages);
  if (
    query.length < 4 ||
    !(size >= 2) ||
    bytes.length !== start + rows.filter((row) => row.length > 1).length * size * 4
  )
    return null;
  const values = new Float32Array(query.length * size);
  query.forEach(({ row }, index) => {
    for (let column = 0; column < size; column++)
      values[index * size + column] = bytes.readFloatLE(start + (row * size + column) * 4);
  });
  const { scores, explained } = principalComponents(values, size, { components: 2, seed: 1 });
  return {
    explained: (explained[0] ?? 0) + (explained[1] ?? 0),
    points: query.map(({ person }, index) => ({
      person,
      x: scores[2 * index] as number,
      y: scores[2 * index + 1] as number,
    })),
  };
}
