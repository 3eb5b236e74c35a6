import { tsvCell } from '../../src-shared/textCell.ts';
import type { PreparedSet } from '../data/preparedSet.ts';
import type { JudgedRun } from '../evaluate/evaluateRun.ts';
import { npyBytes } from '../files/npyFile.ts';
import { runFiles } from '../files/workspaceFolders.ts';
import { writeWhole } from '../files/writeWhole.ts';

/** Writes unit embeddings as .npy and what each row shows as .tsv into a run's folder; returns their paths. */
export async function writeEmbeddings(
  runFolder: string,
  set: PreparedSet,
  { size, values, rows }: JudgedRun['embeddings'],
): Promise<{ readonly embeddings: string; readonly labels: string }> {
  const { embeddings, labels } = runFiles(runFolder);
  const lines = rows.map(({ index, part }) => {
    const image = set.images[index];
    return `${tsvCell(image?.identity ?? '')}\t${part}\t${tsvCell(image?.path ?? '')}`;
  });
  await writeWhole(embeddings, npyBytes(values, size));
  await writeWhole(labels, ['identity\tpart\tfile', ...lines, ''].join('\n'));
  return { embeddings, labels };
}
