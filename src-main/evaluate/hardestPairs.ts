import type { Confusions, HardPair, Picture } from '../../src-shared/evaluation.ts';
import { largest } from '../../src-shared/maths/largest.ts';
import type { EmbeddedImages } from './embedImages.ts';
import type { OnePassMeasure } from './pairPasses.ts';

const mostPairs = 20;

export interface HardestOptions {
  readonly pictureOf: (index: number) => Picture;
  /** Held-out people. Labels number the people of both parts together. */
  readonly query: Pick<EmbeddedImages, 'indexes' | 'labels'>;
  readonly distractors: Pick<EmbeddedImages, 'indexes' | 'labels'>;
}
export type HardestPairs = Pick<Confusions, 'hardestImpostors' | 'hardestGenuine'>;

type Found = ReturnType<typeof largest<readonly [number, number]>>;

/**
 * The most alike pictures of different held-out people, one pair for each two people, and the least alike ones of one.
 */
export function hardestPairs({ pictureOf, query, distractors }: HardestOptions): OnePassMeasure<HardestPairs> {
  const impostors: Found = largest(10 * mostPairs);
  const genuine: Found = largest(mostPairs);
  const look = (row: number, cosines: Float32Array, { part, from }: Looked) => {
    const person = query.labels[row];
    const add = (list: Found, value: number, other: number): number => {
      if (value > list.bar()) list.add(value, [query.indexes[row]!, part.indexes[other]!]);
      return list.bar();
    };
    let bar = impostors.bar();
    for (let other = from; other < cosines.length; other++) {
      if (part.labels[other] === person) add(genuine, -cosines[other]!, other);
      else if (cosines[other]! > bar) bar = add(impostors, cosines[other]!, other);
    }
  };
  return {
    pass: {
      withQuery: (row, cosines) => look(row, cosines, { part: query, from: row + 1 }),
      withDistractors: (row, cosines) => look(row, cosines, { part: distractors, from: 0 }),
    },
    result: () => ({
      hardestImpostors: ofDistinctPeople(impostors.items().map(shownWith(pictureOf, 1))).slice(0, mostPairs),
      hardestGenuine: genuine.items().map(shownWith(pictureOf, -1)),
    }),
  };
}

/** The part that a query picture is compared with, from a row on. */
interface Looked {
  readonly part: HardestOptions['query'];
  readonly from: number;
}

const shownWith =
  (pictureOf: HardestOptions['pictureOf'], sign: number) =>
  ({ value, item: [a, b] }: { readonly value: number; readonly item: readonly [number, number] }): HardPair => ({
    first: pictureOf(a),
    second: pictureOf(b),
    cosine: sign * value,
  });

/** The first pair of each two people. */
function ofDistinctPeople(pairs: readonly HardPair[]): HardPair[] {
  const met = new Set<string>();
  return pairs.filter(({ first, second }) => {
    const key = [first.identity, second.identity].sort().join('\n');
    return !met.has(key) && met.add(key);
  });
}
