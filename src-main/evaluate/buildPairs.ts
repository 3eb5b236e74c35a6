import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { FacePair } from '../data/pairs/matchPairs.ts';

const pairsOfFold = 300;

/**
 * Pairs for LFW's protocol from held-out people, drawn by the seed: up to ten folds that share no person, each with as
 * many pairs of one person as of two, at most 300 of each. Labels number the people. Empty where there are too few
 * people.
 */
export function buildPairs(indexes: readonly number[], labels: ArrayLike<number>, seed: number): FacePair[] {
  const byPerson = groupBy(indexes.keys(), (position) => labels[position]!);
  const random = randomStream(seed, 'verification pairs');
  const people = random.shuffle(
    [...byPerson.values()].map((positions) => positions.map((position) => indexes[position]!)),
  );
  const several = people.filter((images) => images.length > 1);
  const folds = Math.min(10, several.length, Math.floor(people.length / 2));
  if (folds < 2) return [];
  // People with several pictures are dealt out first, so that each fold gets some.
  const dealt = [...several, ...people.filter((images) => images.length === 1)];
  return Array.from({ length: folds }, (_, fold) => fold).flatMap((fold) => {
    const own = dealt.filter((_, place) => place % folds === fold);
    const genuine = random
      .shuffle(
        own.flatMap((images) =>
          images.flatMap((first, at) => images.slice(at + 1).map((second) => ({ first, second }))),
        ),
      )
      .slice(0, pairsOfFold);
    const impostors = new Map<string, { first: number; second: number }>();
    // Where there are few pictures, draws repeat, and the fold gets fewer impostors.
    for (let tries = 0; impostors.size < genuine.length && tries < 20 * genuine.length; tries++) {
      const one = random.integer(own.length);
      const two = random.integer(own.length);
      if (one === two) continue;
      const [first, second] = [Math.min(one, two), Math.max(one, two)].map(
        (person) => own[person]![random.integer(own[person]!.length)]!,
      ) as [number, number];
      impostors.set(`${first} ${second}`, { first, second });
    }
    return [
      ...genuine.map((pair) => ({ ...pair, same: true, fold })),
      ...[...impostors.values()].map((pair) => ({ ...pair, same: false, fold })),
    ];
  });
}
