import { existsSync, readFileSync } from 'node:fs';
import { principalComponents } from '../../../src-shared/maths/principalComponents.ts';
import { textOfCell } from '../../../src-shared/textCell.ts';
import { readNpy } from '../../files/npyFile.ts';
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
  const read = readWhole(embeddings);
  const rows = readFileSync(labels, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t').map(textOfCell));
  const query = rows
    .flatMap(([person = '', part], row) => (part === 'query' ? [{ person, row }] : []))
    .slice(0, mostImages);
  const labelled = rows.filter((row) => row.length > 1).length;
  if (!read || query.length < 4 || read.size < 2 || read.values.length !== labelled * read.size) return null;
  const { size } = read;
  const values = new Float32Array(query.length * size);
  for (const [index, { row }] of query.entries())
    values.set(read.values.subarray(row * size, (row + 1) * size), index * size);
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

/** Embeddings of a file that is whole; null for any other, since a report does without the picture. */
function readWhole(path: string): ReturnType<typeof readNpy> | null {
  try {
    return readNpy(path);
  } catch {
    return null;
  }
}
