import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';
import type { FacePair } from '../data/pairs/matchPairs.ts';

const pairsOfFold = 300;

type Pair = Pick<FacePair, 'first' | 'second'>;

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
    const genuine = drawnGenuine(own, random);
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

/** At most 300 pairs of pictures of one person. The pairs are numbered, because a large part has many millions. */
function drawnGenuine(people: readonly (readonly number[])[], random: RandomStream): Pair[] {
  const before = new Float64Array(people.length + 1); // pairs of the people before
  people.forEach(({ length }, person) => {
    before[person + 1] = before[person]! + (length * (length - 1)) / 2;
  });
  const numbers = random.shuffle(Array.from({ length: before[people.length]! }, (_, number) => number));
  return numbers.slice(0, pairsOfFold).map((number) => {
    const person = before.findIndex((pairs) => pairs > number) - 1;
    return pairOf(people[person]!, number - before[person]!);
  });
}

/** The pair of a number among those of some pictures: the first with each later one, then the second, and so on. */
function pairOf(images: readonly number[], number: number): Pair {
  let at = 0;
  let rest = number;
  for (; rest >= images.length - at - 1; at++) rest -= images.length - at - 1;
  return { first: images[at]!, second: images[at + 1 + rest]! };
}
