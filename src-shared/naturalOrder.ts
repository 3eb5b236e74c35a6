import { groupBy } from './groupBy.ts';

const collator = new Intl.Collator('en', { numeric: true });

/**
 * Compares names as people read them: s2 before s10. Only for display: lists that are hashed or drawn from are sorted
 * by code unit.
 */
export function naturalOrder(a: string, b: string): number {
  const byCodeUnit = Number(a > b) - Number(a < b);
  return collator.compare(a, b) || byCodeUnit;
}

/** The places of entries in natural order, by person and then by name. */
export function naturalPlaces<Entry extends { readonly identity: string }>(
  entries: readonly Entry[],
  nameOf: (entry: Entry) => string,
): number[] {
  const people = groupBy(entries.keys(), (place) => (entries[place] as Entry).identity);
  return [...people]
    .sort(([a], [b]) => naturalOrder(a, b))
    .flatMap(([, places]) =>
      places.sort((a, b) => naturalOrder(nameOf(entries[a] as Entry), nameOf(entries[b] as Entry)) || a - b),
    );
}
