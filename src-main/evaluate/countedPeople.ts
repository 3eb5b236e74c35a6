/** With more people than these, several share a count: the bootstrap draws them together. */
const mostCounted = { query: 5000, distractors: 2000 };

/** Who is in each row of query and then of distractors, as the numbers that pairs are counted by. */
export function countedPeople(
  query: ArrayLike<number>,
  distractors: ArrayLike<number>,
): { readonly groups: readonly number[]; readonly of: Int32Array } {
  const asked = numbered(query, mostCounted.query);
  const strangers = numbered(distractors, mostCounted.distractors);
  const of = new Int32Array(query.length + distractors.length);
  of.set(asked.of);
  of.set(
    strangers.of.map((person) => asked.count + person),
    query.length,
  );
  return { groups: [asked.count, strangers.count], of };
}

function numbered(labels: ArrayLike<number>, most: number): { readonly of: Int32Array; readonly count: number } {
  const numbers = new Map<number, number>();
  for (const label of Array.from(labels)) if (!numbers.has(label)) numbers.set(label, numbers.size % most);
  return { of: Int32Array.from(labels, (label) => numbers.get(label)!), count: Math.min(most, numbers.size) };
}
