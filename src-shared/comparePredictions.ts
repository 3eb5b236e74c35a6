import { ArcBenchError } from './errors.ts';
import type { Predictions } from './evaluation.ts';
import { mcnemar, signedCountsTest } from './maths/mcnemar.ts';

/** The predictions of two arms with one seed. */
export interface PredictionPair {
  readonly seed: number;
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
 * The test pictures that one arm gets right and the other wrong, by pairs of runs with one seed. Throws 'failed' where
 * runs saw other pictures.
 */
export function comparePredictions(pairs: readonly PredictionPair[]): PredictionComparison {
  const same = (a: readonly number[], b: readonly number[]) =>
    a.length === b.length && a.every((value, at) => value === b[at]);
  const { images, labels } = pairs[0]?.first ?? { images: [], labels: [] };
  for (const run of pairs.flatMap(({ first, second }) => [first, second])) {
    if (!same(run.images, images) || !same(run.labels, labels))
      throw new ArcBenchError(
        'failed',
        'Two runs can be compared picture by picture only on one test part: choose two runs of one split.',
      );
  }
  const right = ({ predicted }: Predictions, at: number) => predicted[at] === labels[at];
  const rows = images.map((image, at): PredictionDifference => {
    const firstRight = pairs.filter(({ first }) => right(first, at)).length;
    const secondRight = pairs.filter(({ second }) => right(second, at)).length;
    const lesser = pairs.map(({ first, second }) => (firstRight > secondRight ? second : first));
    return {
      image,
      label: labels[at]!,
      firstRight,
      secondRight,
      takenFor: [...new Set(lesser.filter((run) => !right(run, at)).map(({ predicted }) => predicted[at]!))],
    };
  });
  const ahead = (sign: 1 | -1) =>
    rows
      .filter((row) => sign * (row.firstRight - row.secondRight) > 0)
      .sort((a, b) => sign * (b.firstRight - b.secondRight - a.firstRight + a.secondRight) || a.image - b.image);
  return {
    seeds: pairs.map(({ seed, first, second }) => {
      const count = (firstRight: boolean, secondRight: boolean) =>
        images.filter((_, at) => right(first, at) === firstRight && right(second, at) === secondRight).length;
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
    }),
    onlyFirst: ahead(1),
    onlySecond: ahead(-1),
    p: signedCountsTest(rows.map((row) => row.firstRight - row.secondRight)),
  };
}
