const collator = new Intl.Collator('en', { numeric: true });

/**
 * Compares names as people read them: s2 before s10. For showing alone: what is hashed or drawn from keeps the order by
 * code unit.
 */
export const naturalOrder = (a: string, b: string): number => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

/** The places of entries, person by person in natural order, those of one person by what they are called. */
export function naturalPlaces<Entry extends { readonly identity: string }>(
  entries: readonly Entry[],
  nameOf: (entry: Entry) => string,
): number[] {
  const people = new Map<string, number[]>();
  entries.forEach(({ identity }, place) => {
    const own = people.get(identity);
    if (own) own.push(place);
    else people.set(identity, [place]);
  });
  return [...people]
    .sort(([a], [b]) => naturalOrder(a, b))
    .flatMap(([, places]) =>
      places.sort((a, b) => naturalOrder(nameOf(entries[a] as Entry), nameOf(entries[b] as Entry)) || a - b),
    );
}
