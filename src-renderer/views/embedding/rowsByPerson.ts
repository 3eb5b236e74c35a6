import type { EmbeddingRow } from '../../../src-shared/answers/embeddingAnswers.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';

/** The rows of each person, in the order of their first rows. */
export const rowsByPerson = (rows: readonly EmbeddingRow[]): ReadonlyMap<string, readonly number[]> =>
  groupBy(rows.keys(), (row) => rows[row]!.identity);
