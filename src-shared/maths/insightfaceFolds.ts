/** The squared distance of each pair of unit embeddings, and 1 if both pictures show the same person, else 0. */
export interface DistantPairs {
  readonly distances: Float64Array;
  readonly same: Uint8Array;
}

export interface DistanceFold {
  readonly pairs: number;
  /** Squared distance below which a pair is taken for one person: the best one on the other folds. */
  readonly threshold: number;
  readonly correct: number;
}

export interface InsightfaceAccuracy {
  readonly folds: readonly DistanceFold[];
  /** Mean of the folds' accuracies, and their population standard deviation, as numpy's std. */
  readonly mean: number;
  readonly standardDeviation: number;
  /** TAR at a FAR of 1e-3 on the other folds; null where no fold has pairs of both kinds. */
  readonly acceptance: {
    readonly mean: number;
    readonly standardDeviation: number;
    /** False acceptance rate that these thresholds give, mean of the folds. */
    readonly falseAcceptance: number;
  } | null;
}

const foldCount = 10;
const coarse = { step: 0.01, count: 400 } as const; // squared distances of 0 to 4
const fine = { step: 0.001, count: 4000 } as const;
const falseAcceptanceTarget = 1e-3;

/**
 * Verification as insightface judges it (arcface_torch/eval/verification.py): ten contiguous folds in the order of the
 * file; for each the threshold of a grid of squared distances that is right most often on the other nine, the lowest of
 * several; a pair counts as one person below it. For TAR@FAR the threshold is drawn out between the two neighbours of
 * the grid that enclose the target.
 */
export function insightfaceAccuracy(pairs: DistantPairs): InsightfaceAccuracy {
  const ranges = contiguousFolds(pairs.distances.length);
  const accepted = ranges.map((range) => countAccepted(pairs, range, coarse));
  const folds = ranges.map((range, fold): DistanceFold => {
    const threshold = bestThreshold(sumOfOthers(accepted, fold));
    return { pairs: range.end - range.start, threshold, correct: correctIn(pairs, range, threshold) };
  });
  const accuracies = folds.map(({ correct, pairs: count }) => correct / count);
  return { folds, ...meanAndDeviation(accuracies), acceptance: acceptanceAt(pairs, ranges) };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** As scikit-learn's KFold without shuffling: the first folds have one pair more where ten do not divide them. */
function contiguousFolds(count: number): Range[] {
  const folds = Math.min(foldCount, count);
  const smaller = Math.floor(count / folds);
  const larger = count % folds;
  return Array.from({ length: folds }, (_, fold) => {
    const start = fold * smaller + Math.min(fold, larger);
    return { start, end: start + smaller + (fold < larger ? 1 : 0) };
  });
}

/** How many pairs of each kind lie below each threshold of a grid, and how many there are. */
interface Accepted {
  readonly genuine: Int32Array;
  readonly impostors: Int32Array;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
}

type Grid = typeof coarse | typeof fine;

function countAccepted({ distances, same }: DistantPairs, { start, end }: Range, { step, count }: Grid): Accepted {
  const genuine = new Int32Array(count);
  const impostors = new Int32Array(count);
  let genuinePairs = 0;
  for (let pair = start; pair < end; pair++) {
    const isGenuine = same[pair] === 1;
    if (isGenuine) genuinePairs++;
    const first = firstAbove(distances[pair] as number, step);
    if (first < count) (isGenuine ? genuine : impostors)[first]!++;
  }
  for (let at = 1; at < count; at++) {
    genuine[at]! += genuine[at - 1]!;
    impostors[at]! += impostors[at - 1]!;
  }
  return { genuine, impostors, genuinePairs, impostorPairs: end - start - genuinePairs };
}

/** The first threshold of a grid that lies above a distance. */
function firstAbove(distance: number, step: number): number {
  let index = Math.max(0, Math.floor(distance / step) - 1);
  while (index * step <= distance) index++;
  return index;
}

function sumOfOthers(folds: readonly Accepted[], left: number): Accepted {
  const others = folds.filter((_, fold) => fold !== left);
  const sum = (of: (fold: Accepted) => Int32Array) =>
    folds[0] ? of(folds[0]).map((_, at) => others.reduce((total, fold) => total + of(fold)[at]!, 0)) : new Int32Array();
  return {
    genuine: sum((fold) => fold.genuine),
    impostors: sum((fold) => fold.impostors),
    genuinePairs: others.reduce((total, fold) => total + fold.genuinePairs, 0),
    impostorPairs: others.reduce((total, fold) => total + fold.impostorPairs, 0),
  };
}

function bestThreshold({ genuine, impostors, impostorPairs }: Accepted): number {
  let best = 0;
  let mostRight = -1;
  for (let at = 0; at < coarse.count; at++) {
    const right = genuine[at]! + impostorPairs - impostors[at]!;
    if (right > mostRight) {
      mostRight = right;
      best = at;
    }
  }
  return best * coarse.step;
}

function correctIn({ distances, same }: DistantPairs, { start, end }: Range, threshold: number): number {
  let correct = 0;
  for (let pair = start; pair < end; pair++) if (distances[pair]! < threshold === (same[pair] === 1)) correct++;
  return correct;
}

function acceptanceAt(pairs: DistantPairs, ranges: readonly Range[]): InsightfaceAccuracy['acceptance'] {
  const accepted = ranges.map((range) => countAccepted(pairs, range, fine));
  const judged = ranges.flatMap((range, fold) => {
    const own = accepted[fold] as Accepted;
    const others = sumOfOthers(accepted, fold);
    if (own.genuinePairs === 0 || own.impostorPairs === 0 || others.impostorPairs === 0) return [];
    const threshold = thresholdAtTarget(others);
    return [ratesBelow(pairs, range, threshold)];
  });
  if (judged.length === 0) return null;
  return {
    ...meanAndDeviation(judged.map((rates) => rates.genuine)),
    falseAcceptance: judged.reduce((sum, rates) => sum + rates.impostors, 0) / judged.length,
  };
}

function thresholdAtTarget({ impostors, impostorPairs }: Accepted): number {
  const rate = (at: number) => impostors[at]! / impostorPairs;
  const above = impostors.findIndex((_, at) => rate(at) >= falseAcceptanceTarget);
  if (above <= 0) return 0;
  const share = (falseAcceptanceTarget - rate(above - 1)) / (rate(above) - rate(above - 1));
  return (above - 1 + share) * fine.step;
}

function ratesBelow({ distances, same }: DistantPairs, { start, end }: Range, threshold: number) {
  const counts = { genuine: 0, impostors: 0 };
  const below = { genuine: 0, impostors: 0 };
  for (let pair = start; pair < end; pair++) {
    const kind = same[pair] === 1 ? 'genuine' : 'impostors';
    counts[kind]++;
    if (distances[pair]! < threshold) below[kind]++;
  }
  return { genuine: below.genuine / counts.genuine, impostors: below.impostors / counts.impostors };
}

function meanAndDeviation(values: readonly number[]): { readonly mean: number; readonly standardDeviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, standardDeviation: Math.sqrt(squares) };
}
