import type { Confusions, Picture } from '../../src-shared/evaluation.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { largest } from '../../src-shared/maths/largest.ts';
import type { CentreStanding } from './compareWithCentres.ts';
import type { EmbeddedImages } from './embedImages.ts';
import type { HardestPairs } from './hardestPairs.ts';
import { rateOf } from './measureSpace.ts';

const mostMistakes = 200;
const mostPeople = 30;
const mostFiles = 4;
const mostSuspects = 30;

export interface ConfusionOptions {
  readonly pictureOf: (index: number) => Picture;
  readonly classes: readonly string[];
  readonly test: EmbeddedImages;
  /** Pairs of held-out people. */
  readonly hardest: HardestPairs;
  /** Pictures of known classes, compared with the class means. */
  readonly judged: readonly {
    readonly images: Pick<EmbeddedImages, 'indexes' | 'labels'>;
    readonly standings: readonly CentreStanding[];
  }[];
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
    ...options.hardest,
    labelSuspects: labelSuspects(options),
  };
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
