import type { EmbeddingRow } from '../../../src-shared/answers/embeddingAnswers.ts';
import type { PersonMatch } from '../../../src-shared/answers/trialAnswers.ts';

/** The people whom a run was judged on: the rows of each, and the sum of their unit embeddings. */
export interface PeopleOfRun {
  readonly size: number;
  readonly units: Float32Array;
  readonly rows: readonly EmbeddingRow[];
  readonly people: ReadonlyMap<string, { readonly rows: readonly number[]; readonly sum: Float64Array }>;
}

export function peopleOfRun(
  rows: readonly EmbeddingRow[],
  { values: units, size }: { readonly values: Float32Array; readonly size: number },
): PeopleOfRun {
  const people = new Map<string, { readonly rows: number[]; readonly sum: Float64Array }>();
  rows.forEach(({ identity }, row) => {
    let person = people.get(identity);
    if (!person) people.set(identity, (person = { rows: [], sum: new Float64Array(size) }));
    person.rows.push(row);
    for (let column = 0; column < size; column++) person.sum[column]! += units[row * size + column]!;
  });
  return { size, units, rows, people };
}

/**
 * The people nearest to a unit embedding, by its cosine with the mean of each person's embeddings, each with the most
 * similar picture. A picture of the run that is the face itself (`own`, a place in the prepared set) is left out.
 * `enrolled` are further people, compared already.
 */
export function nearestPeople(
  unit: Float32Array,
  of: PeopleOfRun,
  {
    own,
    enrolled,
    count,
  }: { readonly own: number | null; readonly enrolled: readonly PersonMatch[]; readonly count: number },
): readonly PersonMatch[] {
  const found = [...of.people].flatMap(([name, person]) => {
    const cosine = cosineWithMean(unit, of, { ...person, own });
    return cosine === null ? [] : [{ name, cosine, picture: null, enrolled: null }];
  });
  return [...found, ...enrolled]
    .toSorted((a, b) => b.cosine - a.cosine)
    .slice(0, count)
    .map((match) =>
      match.enrolled === null ? { ...match, picture: nearestPicture(unit, of, match.name, own) } : match,
    );
}

/** Null where a person has no picture but the face itself. */
function cosineWithMean(
  unit: Float32Array,
  { size, units, rows }: PeopleOfRun,
  {
    rows: places,
    sum,
    own,
  }: { readonly rows: readonly number[]; readonly sum: Float64Array; readonly own: number | null },
): number | null {
  const left = own === null ? [] : places.filter((row) => rows[row]!.picture === own);
  if (left.length === places.length) return null;
  let product = 0;
  let squares = 0;
  for (let column = 0; column < size; column++) {
    let value = sum[column]!;
    for (const row of left) value -= units[row * size + column]!;
    product += value * unit[column]!;
    squares += value * value;
  }
  return product / (Math.sqrt(squares) || 1);
}

function nearestPicture(
  unit: Float32Array,
  { size, units, rows, people }: PeopleOfRun,
  name: string,
  own: number | null,
): number | null {
  let nearest: { readonly cosine: number; readonly picture: number | null } | null = null;
  for (const row of people.get(name)?.rows ?? []) {
    const { picture } = rows[row]!;
    if (own !== null && picture === own) continue;
    let cosine = 0;
    for (let column = 0; column < size; column++) cosine += unit[column]! * units[row * size + column]!;
    if (nearest === null || cosine > nearest.cosine) nearest = { cosine, picture };
  }
  return nearest?.picture ?? null;
}
