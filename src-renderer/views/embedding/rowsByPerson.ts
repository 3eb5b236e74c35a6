import type { EmbeddingRow } from '../../../src-shared/api.ts';

/** The rows of each person, persons in the order of their first row. */
export function rowsByPerson(rows: readonly EmbeddingRow[]): ReadonlyMap<string, readonly number[]> {
  const people = new Map<string, number[]>();
  rows.forEach(({ identity }, row) => {
    const own = people.get(identity);
    if (own) own.push(row);
    else people.set(identity, [row]);
  });
  return people;
}
