import { tsvCell } from '../../src-shared/textCell.ts';
import type { PreparedSet } from '../data/preparedSet.ts';
import type { JudgedRun } from '../evaluate/evaluateRun.ts';
import { npyPieces } from '../files/npyFile.ts';
import { runFiles } from '../files/workspaceFolders.ts';
import { writeWhole } from '../files/writeWhole.ts';

/** Writes unit embeddings as .npy and what each row shows as .tsv into a run's folder; returns their paths. */
export async function writeEmbeddings(
  runFolder: string,
  set: PreparedSet,
  { size, parts }: JudgedRun['embeddings'],
): Promise<{ readonly embeddings: string; readonly labels: string }> {
  const { embeddings, labels } = runFiles(runFolder);
  const units = parts.map((part) => part.units);
  await writeWhole(embeddings, npyPieces(units, size));
  const lines = parts.flatMap(({ part, indexes }) =>
    indexes.map((index) => {
      const image = set.images[index];
      return `${tsvCell(image?.identity ?? '')}\t${part}\t${tsvCell(image?.path ?? '')}`;
    }),
  );
  await writeWhole(labels, ['identity\tpart\tfile', ...lines, ''].join('\n'));
  return { embeddings, labels };
}
