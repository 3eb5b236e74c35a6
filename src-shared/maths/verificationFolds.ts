export interface ScoredPairs {
  readonly scores: Float32Array;
  /** 1 for two pictures of one person, 0 for two persons. */
  readonly same: Uint8Array;
  /** Fold of each pair, from 0. */
  readonly folds: Int32Array;
}

export interface FoldAccuracy {
  readonly pairs: number;
  readonly threshold: number;
  readonly accuracy: number;
}
export interface VerificationAccuracy {
  readonly mean: number;
  /** Over folds; NaN of one. */ readonly standardDeviation: number;
  readonly folds: readonly FoldAccuracy[];
}

/**
 * LFW's protocol: for each fold the threshold with the best accuracy on the others, and its accuracy on the fold (Huang
 * et al. 2007, view 2). A pair is accepted above the threshold.
 * LFW's folds are of one size. Where some hold fewer pairs, each counts by its pairs, so that a fold of three does not
 * move the mean as much as one of six hundred.
 */
export function verificationAccuracy({ scores, same, folds }: ScoredPairs): VerificationAccuracy {
  const count = folds.reduce((largest, fold) => Math.max(largest, fold), -1) + 1;
  const order = Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  const results = Array.from({ length: count }, (_, fold): FoldAccuracy => {
    const threshold = bestThreshold(
      order.filter((pair) => folds[pair] !== fold),
      scores,
      same,
    );
    const own = order.filter((pair) => folds[pair] === fold);
    const right = own.filter((pair) => scores[pair]! > threshold === (same[pair] === 1)).length;
    return { pairs: own.length, threshold, accuracy: right / own.length };
  }).filter((result) => result.pairs > 0);
  const pairs = results.reduce((sum, fold) => sum + fold.pairs, 0);
  const mean = results.reduce((sum, fold) => sum + fold.pairs * fold.accuracy, 0) / pairs;
  const squares = results.reduce((sum, fold) => sum + fold.pairs * (fold.accuracy - mean) ** 2, 0) / pairs;
  return {
    mean,
    standardDeviation: results.length < 2 ? NaN : Math.sqrt((squares * results.length) / (results.length - 1)),
    folds: results,
  };
}

/**
 * The cut between two neighbouring scores, rising, that is right most often; the middle of the gap, the lowest of
 * several.
 */
function bestThreshold(rising: readonly number[], scores: Float32Array, same: Uint8Array): number {
  let right = rising.filter((pair) => same[pair] === 1).length; // everything accepted
  let best = right;
  let threshold = rising.length === 0 ? 0 : scores[rising[0]!]! - 1;
  rising.forEach((pair, place) => {
    right += same[pair] === 1 ? -1 : 1;
    const here = scores[pair]!;
    const next = scores[rising[place + 1] ?? -1] ?? scores[pair]! + 1;
    if (right > best && next > here) [best, threshold] = [right, (here + next) / 2];
  });
  return threshold;
}
