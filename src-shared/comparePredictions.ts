import { countOnce } from './countOnce.ts';
import { ArcBenchError } from './errors.ts';
import type { Predictions } from './evaluation.ts';
import { mcnemar, signedCountsTest } from './maths/mcnemar.ts';

/** The predictions of two arms with one seed. */
export interface PredictionPair {
  readonly seed: number;
  /** The ids of the two runs. */
  readonly runs: readonly [first: string, second: string];
  readonly first: Predictions;
  readonly second: Predictions;
}

export interface PredictionDifference {
  /** A picture as its position in the prepared set, and its class. */
  readonly image: number;
  readonly label: number;
  /** Runs of each arm that are right. */
  readonly firstRight: number;
  readonly secondRight: number;
  /** Classes that runs of the arm which is right less often take it for, without repeats. */
  readonly takenFor: readonly number[];
}

export interface PredictionComparison {
  /**
   * Pictures by who is right with each seed, and the two-sided p of McNemar's exact test that both are right equally
   * often.
   */
  readonly seeds: readonly {
    readonly seed: number;
    readonly bothRight: number;
    readonly onlyFirst: number;
    readonly onlySecond: number;
    readonly bothWrong: number;
    readonly p: number;
  }[];
  /** Pictures that runs of the first arm are right about more often, and those of the second, furthest apart first. */
  readonly onlyFirst: readonly PredictionDifference[];
  readonly onlySecond: readonly PredictionDifference[];
  /** McNemar's exact test over all seeds, each picture counting once. */
  readonly p: number;
}

/**
 * The test pictures that one arm gets right and the other wrong, by pairs of runs with one seed. The two runs of a pair
 * must have seen the same pictures; another pair may have seen others, as where each seed draws its own split. Throws
 * 'failed' where the runs of a pair saw different pictures, and where a run counts twice.
 */
export function comparePredictions(pairs: readonly PredictionPair[]): PredictionComparison {
  countOnce(
    [0, 1].map((side) => ({
      name: side === 0 ? 'the first arm' : 'the second arm',
      runs: pairs.map(({ seed, runs }) => ({ id: runs[side] as string, seed })),
    })),
  );
  const same = (a: readonly number[], b: readonly number[]) =>
    a.length === b.length && a.every((value, at) => value === b[at]);
  for (const { first, second } of pairs)
    if (!same(first.images, second.images) || !same(first.labels, second.labels))
      throw new ArcBenchError(
        'failed',
        'Two runs can be compared picture by picture only if they share the test pictures: choose runs of one split.',
      );
  const rows = rowsOf(pairs);
  const ahead = (sign: 1 | -1) =>
    rows
      .filter((row) => sign * (row.firstRight - row.secondRight) > 0)
      .sort((a, b) => sign * (b.firstRight - b.secondRight - a.firstRight + a.secondRight) || a.image - b.image);
  return {
    seeds: pairs.map(countsOf),
    onlyFirst: ahead(1),
    onlySecond: ahead(-1),
    p: signedCountsTest(rows.map((row) => row.firstRight - row.secondRight)),
  };
}

const isRight = ({ predicted, labels }: Predictions, at: number): boolean => predicted[at] === labels[at];

/** One row for each picture that any pair has seen. */
function rowsOf(pairs: readonly PredictionPair[]): PredictionDifference[] {
  const seen = new Map<number, { readonly pair: PredictionPair; readonly at: number }[]>();
  for (const pair of pairs)
    pair.first.images.forEach((image, at) => seen.set(image, [...(seen.get(image) ?? []), { pair, at }]));
  return [...seen].map(([image, places]) => {
    const firstRight = places.filter(({ pair, at }) => isRight(pair.first, at)).length;
    const secondRight = places.filter(({ pair, at }) => isRight(pair.second, at)).length;
    const lesser = firstRight > secondRight ? 'second' : 'first';
    return {
      image,
      label: places[0]?.pair.first.labels[places[0].at] ?? -1,
      firstRight,
      secondRight,
      takenFor: [
        ...new Set(
          places
            .filter(({ pair, at }) => !isRight(pair[lesser], at))
            .map(({ pair, at }) => pair[lesser].predicted[at] ?? -1),
        ),
      ],
    };
  });
}

function countsOf({ seed, first, second }: PredictionPair): PredictionComparison['seeds'][number] {
  const count = (firstRight: boolean, secondRight: boolean) =>
    first.images.filter((_, at) => isRight(first, at) === firstRight && isRight(second, at) === secondRight).length;
  const onlyFirst = count(true, false);
  const onlySecond = count(false, true);
  return {
    seed,
    bothRight: count(true, true),
    onlyFirst,
    onlySecond,
    bothWrong: count(false, false),
    p: mcnemar(onlyFirst, onlySecond),
  };
}

/** Predictions whose classes are counted in another list of people, as where splits have different classes. */
export function withClasses(
  predictions: Predictions,
  classes: readonly string[],
  people: ReadonlyMap<string, number>,
): Predictions {
  const place = (label: number) => people.get(classes[label] ?? '') ?? -1;
  return { ...predictions, labels: predictions.labels.map(place), predicted: predictions.predicted.map(place) };
}
