/** How the people of a split are ordered. */
export type PeopleOrder = 'name' | 'most' | 'fewest';

/** People in an order; those with as many images stay in the order of their names. */
export function inOrder<Person extends { readonly images: number }>(
  people: readonly Person[],
  order: PeopleOrder,
): readonly Person[] {
  switch (order) {
    case 'name':
      return people;
    case 'most':
      return [...people].sort((a, b) => b.images - a.images);
    case 'fewest':
      return [...people].sort((a, b) => a.images - b.images);
  }
}
