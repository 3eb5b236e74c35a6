import type { Verification } from '../../src-shared/evaluation.ts';
import { identificationRates } from '../../src-shared/maths/identificationRate.ts';
import { areaUnderCurve, equalErrorRate, rocCurve } from '../../src-shared/maths/rocCurve.ts';
import { thinRoc } from '../../src-shared/maths/thinRoc.ts';
import { verificationAccuracy } from '../../src-shared/maths/verificationFolds.ts';
import type { FacePair } from '../data/pairs/matchPairs.ts';

export interface VerifyOptions {
  readonly pairs: readonly FacePair[];
  readonly source: Verification['source'];
  readonly listed: number;
  readonly falseAcceptanceRates: readonly number[];
  /** The unit embedding of a picture of the prepared set. */
  readonly unitOf: (index: number) => Float32Array;
  readonly identityOf: (index: number) => string;
}

/** Verification of pairs by the cosine of their unit embeddings. Null without a pair of each kind. */
export function verifyPairs({
  pairs,
  source,
  listed,
  falseAcceptanceRates,
  unitOf,
  identityOf,
}: VerifyOptions): Verification | null {
  const scores = Float32Array.from(pairs, ({ first, second }) => {
    const a = unitOf(first);
    const b = unitOf(second);
    return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  });
  const of = (same: boolean) => scores.filter((_, pair) => pairs[pair]!.same === same);
  const genuine = of(true);
  const impostors = of(false);
  if (genuine.length === 0 || impostors.length === 0) return null;
  return {
    source,
    listed,
    genuine: genuine.length,
    impostors: impostors.length,
    people: new Set(pairs.flatMap(({ first, second }) => [identityOf(first), identityOf(second)])).size,
    accuracy: verificationAccuracy({
      scores,
      same: Uint8Array.from(pairs, ({ same }) => (same ? 1 : 0)),
      folds: Int32Array.from(pairs, ({ fold }) => fold),
    }),
    areaUnderCurve: areaUnderCurve(genuine, impostors),
    equalErrorRate: equalErrorRate(genuine, impostors),
    rates: identificationRates(genuine, impostors, falseAcceptanceRates),
    roc: thinRoc(rocCurve(genuine, impostors)),
  };
}
