import type { EmbeddingRow } from '../../../src-shared/answers/embeddingAnswers.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { naturalOrder } from '../../../src-shared/naturalOrder.ts';

/** The rows of each person, in the natural order of their names: s2 before s10. */
export const rowsByPerson = (rows: readonly EmbeddingRow[]): ReadonlyMap<string, readonly number[]> =>
  new Map([...groupBy(rows.keys(), (row) => rows[row]!.identity)].sort(([a], [b]) => naturalOrder(a, b)));
