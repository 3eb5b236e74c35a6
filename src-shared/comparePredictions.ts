import { ArcBenchError } from './errors.ts';
import type { Predictions } from './evaluation.ts';
import { mcnemar } from './maths/mcnemar.ts';

export interface PredictionDifference {
  /** A picture, as its position in the prepared set, that one run alone gets right, its class and what each run takes it for. */
  readonly image: number;
  readonly label: number;
  readonly first: number;
  readonly second: number;
}

export interface PredictionComparison {
  readonly bothRight: number;
  readonly bothWrong: number;
  readonly onlyFirst: readonly PredictionDifference[];
  readonly onlySecond: readonly PredictionDifference[];
  /** Two-sided p of McNemar's exact test that both runs are right equally often. */
  readonly p: number;
}

/** The test pictures that one of two runs gets right and the other wrong. Throws 'failed' where the runs saw other pictures. */
export function comparePredictions(first: Predictions, second: Predictions): PredictionComparison {
  const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((value, at) => value === b[at]);
  if (!same(first.images, second.images) || !same(first.labels, second.labels)) throw new ArcBenchError('failed', 'Two runs can be compared picture by picture only on one test part: choose two runs of one split.');
  const rows = first.images.map((image, at): PredictionDifference => ({ image, label: first.labels[at]!, first: first.predicted[at]!, second: second.predicted[at]! }));
  const where = (firstRight: boolean, secondRight: boolean) => rows.filter((row) => (row.first === row.label) === firstRight && (row.second === row.label) === secondRight);
  const [onlyFirst, onlySecond] = [where(true, false), where(false, true)];
  return { bothRight: where(true, true).length, bothWrong: where(false, false).length, onlyFirst, onlySecond, p: mcnemar(onlyFirst.length, onlySecond.length) };
}
