import { ArcBenchError } from '../errors.ts';

/** Similarities of pairs; a typed array keeps its precision and serves millions of them. */
export type Scores = Float32Array | Float64Array | readonly number[];

export interface RocCurve {
  /** Falling; a pair is accepted where its score is at or above the threshold. The first, Infinity, accepts none. */
  readonly thresholds: Float64Array;
  readonly falsePositiveRates: Float64Array;
  readonly truePositiveRates: Float64Array;
}

/** A rising copy of the scores; throws 'failed' where there are none or where one is not a number. */
export function sortedScores(scores: Scores, kind: 'positive' | 'negative'): Float32Array | Float64Array {
  if (scores.length === 0)
    throw new ArcBenchError(
      'failed',
      `There are no ${kind} pairs to score: hold out more people with more than one image.`,
    );
  const sorted = (scores instanceof Float32Array ? scores.slice() : Float64Array.from(scores)).sort();
  // NaN sorts last, so the last element tells of any.
  if (Number.isNaN(sorted[sorted.length - 1]))
    throw new ArcBenchError(
      'failed',
      `A ${kind} pair has a similarity that is not a number: the embeddings hold NaN, so look at whether the ` +
        'training diverged.',
    );
  return sorted;
}

/** Walks down the distinct scores and hands over how many negatives and positives are at or above each. */
function descend(
  positives: Scores,
  negatives: Scores,
  visit: (threshold: number, falsePositives: number, truePositives: number) => void,
): void {
  const above = sortedScores(positives, 'positive');
  const below = sortedScores(negatives, 'negative');
  let positive = above.length - 1;
  let negative = below.length - 1;
  while (positive >= 0 || negative >= 0) {
    const threshold = Math.max(
      positive >= 0 ? above[positive]! : -Infinity,
      negative >= 0 ? below[negative]! : -Infinity,
    );
    while (positive >= 0 && above[positive]! === threshold) positive--;
    while (negative >= 0 && below[negative]! === threshold) negative--;
    visit(threshold, below.length - 1 - negative, above.length - 1 - positive);
  }
}

/** Receiver operating characteristic at its corners: points on a straight line between two others are left out. */
export function rocCurve(positives: Scores, negatives: Scores): RocCurve {
  const thresholds = [Infinity];
  const falsePositives = [0];
  const truePositives = [0];
  descend(positives, negatives, (threshold, falsePositive, truePositive) => {
    const last = thresholds.length - 1;
    if (last >= 1) {
      const across =
        (falsePositives[last]! - falsePositives[last - 1]!) * (truePositive - truePositives[last]!) -
        (truePositives[last]! - truePositives[last - 1]!) * (falsePositive - falsePositives[last]!);
      if (across === 0) {
        thresholds.pop();
        falsePositives.pop();
        truePositives.pop();
      }
    }
    thresholds.push(threshold);
    falsePositives.push(falsePositive);
    truePositives.push(truePositive);
  });
  return {
    thresholds: Float64Array.from(thresholds),
    falsePositiveRates: Float64Array.from(falsePositives, (count) => count / negatives.length),
    truePositiveRates: Float64Array.from(truePositives, (count) => count / positives.length),
  };
}

/** Area under the ROC curve: the chance that a positive scores above a negative, ties counting half. */
export function areaUnderCurve(positives: Scores, negatives: Scores): number {
  let doubled = 0;
  let falseBefore = 0;
  let trueBefore = 0;
  descend(positives, negatives, (_threshold, falsePositive, truePositive) => {
    doubled += (falsePositive - falseBefore) * (truePositive + trueBefore);
    falseBefore = falsePositive;
    trueBefore = truePositive;
  });
  return doubled / (2 * positives.length * negatives.length);
}

/** Equal error rate: where false positive and false negative rate meet on the linearly interpolated ROC curve. */
export function equalErrorRate(positives: Scores, negatives: Scores): number {
  const { falsePositiveRates, truePositiveRates } = rocCurve(positives, negatives);
  for (let index = 1; index < falsePositiveRates.length; index++) {
    const gap = falsePositiveRates[index]! - (1 - truePositiveRates[index]!);
    if (gap < 0) continue;
    const gapBefore = falsePositiveRates[index - 1]! - (1 - truePositiveRates[index - 1]!);
    const part = gapBefore / (gapBefore - gap);
    return falsePositiveRates[index - 1]! + part * (falsePositiveRates[index]! - falsePositiveRates[index - 1]!);
  }
  return 1;
}

/** Average precision: precision at each distinct score, weighted by the recall gained there. */
export function averagePrecision(positives: Scores, negatives: Scores): number {
  let sum = 0;
  let trueBefore = 0;
  descend(positives, negatives, (_threshold, falsePositive, truePositive) => {
    sum += ((truePositive - trueBefore) * truePositive) / (truePositive + falsePositive);
    trueBefore = truePositive;
  });
  return sum / positives.length;
}
