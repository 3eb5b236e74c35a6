import type { Confusions, HardPair, Picture } from '../../src-shared/evaluation.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { largest } from '../../src-shared/maths/largest.ts';
import type { CentreStanding } from './compareWithCentres.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { rateOf } from './measureSpace.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

const mostMistakes = 200;
const mostPeople = 30;
const mostFiles = 4;
const mostPairs = 20;
const mostSuspects = 30;

export interface ConfusionOptions {
  readonly pictureOf: (index: number) => Picture;
  readonly classes: readonly string[];
  readonly test: EmbeddedImages;
  /** Held-out people. Labels number the people of both parts together. */
  readonly query: EmbeddedImages;
  readonly distractors: EmbeddedImages;
  /** Pictures of known classes, compared with the class means. */
  readonly judged: readonly {
    readonly images: Pick<EmbeddedImages, 'indexes' | 'labels'>;
    readonly standings: readonly CentreStanding[];
  }[];
  readonly size: number;
}

/**
 * The pictures, people and pairs that a run gets wrong, worst first and limited in number. Null without test pictures.
 */
export function findConfusions(options: ConfusionOptions): Confusions | null {
  const { pictureOf, classes, test } = options;
  if (test.indexes.length === 0) return null;
  const wrong = Array.from(test.indexes.keys()).filter((position) => test.ranks[position] !== 1);
  const worst = wrong.toSorted((a, b) => test.ranks[b]! - test.ranks[a]! || a - b).slice(0, mostMistakes);
  const pairs = groupBy(wrong, (position) => `${test.labels[position]} ${test.predicted[position]}`);
  const confused = [...pairs.values()].sort((a, b) => b.length - a.length || a[0]! - b[0]!).slice(0, mostPeople);
  const predicted = (position: number) => classes[test.predicted[position]!] ?? '';
  return {
    mistaken: rateOf(wrong.length, test.indexes.length),
    mistakes: worst.map((position) => ({ ...pictureOf(test.indexes[position]!), predicted: predicted(position) })),
    confusedPeople: confused.map((positions) => ({
      identity: classes[test.labels[positions[0]!]!] ?? '',
      predicted: predicted(positions[0]!),
      count: positions.length,
      files: positions.slice(0, mostFiles).map((position) => pictureOf(test.indexes[position]!).file),
    })),
    ...hardestPairs(options),
    labelSuspects: labelSuspects(options),
  };
}

/**
 * The most alike pictures of different held-out people, one pair for each two people, and the least alike ones of one.
 */
function hardestPairs({
  pictureOf,
  query,
  distractors,
  size,
}: ConfusionOptions): Pick<Confusions, 'hardestImpostors' | 'hardestGenuine'> {
  const impostors = largest<readonly [number, number]>(10 * mostPairs);
  const genuine = largest<readonly [number, number]>(mostPairs);
  const parts = [query, distractors] as const;
  for (const part of parts) {
    for (const { row, similarities } of similarityRows(query.units, part.units, size)) {
      for (let other = part === query ? row + 1 : 0; other < similarities.length; other++) {
        const same = part.labels[other] === query.labels[row];
        const list = same ? genuine : impostors;
        const value = same ? -similarities[other]! : similarities[other]!;
        if (value > list.bar()) list.add(value, [query.indexes[row]!, part.indexes[other]!]);
      }
    }
  }
  const show =
    (sign: number) =>
    ({ value, item: [a, b] }: { readonly value: number; readonly item: readonly [number, number] }): HardPair => ({
      first: pictureOf(a),
      second: pictureOf(b),
      cosine: sign * value,
    });
  const met = new Set<string>();
  const distinct = impostors
    .items()
    .map(show(1))
    .filter(({ first, second }) => {
      const key = [first.identity, second.identity].sort().join('\n');
      return !met.has(key) && met.add(key);
    });
  return { hardestImpostors: distinct.slice(0, mostPairs), hardestGenuine: genuine.items().map(show(-1)) };
}

/** Pictures that are nearer to another class's centre than to their own, furthest from their own first. */
function labelSuspects({ pictureOf, classes, judged }: ConfusionOptions): Confusions['labelSuspects'] {
  const furthest = largest<Confusions['labelSuspects'][number]>(mostSuspects);
  for (const { images, standings } of judged) {
    standings.forEach(({ own, nearestOther, nearestClass }, row) => {
      if (own > nearestOther && own > furthest.bar())
        furthest.add(own, {
          ...pictureOf(images.indexes[row]!),
          ownDegrees: own,
          nearest: classes[nearestClass] ?? '',
          nearestDegrees: nearestOther,
        });
    });
  }
  return furthest.items().map(({ item }) => item);
}
