import type { Verification } from '../../src-shared/evaluation.ts';
import { identificationRates, type IdentificationRate } from '../../src-shared/maths/identificationRate.ts';
import { peopleRates } from '../../src-shared/maths/peopleRate.ts';
import { areaUnderCurve, equalErrorRate, rocCurve } from '../../src-shared/maths/rocCurve.ts';
import { thinRoc } from '../../src-shared/maths/thinRoc.ts';
import { verificationAccuracy } from '../../src-shared/maths/verificationFolds.ts';
import type { FacePair } from '../data/pairs/matchPairs.ts';

export interface VerifyOptions {
  readonly pairs: readonly FacePair[];
  readonly source: Verification['source'];
  /** What counts equally in the rates over built pairs. */
  readonly weights: 'people' | 'pairs';
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
  weights,
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
    // The pairs of a file are a protocol: each counts once.
    ...(source === 'built' && {
      weights,
      byPeople: { rates: ratesByPeople(pairs, scores, { identityOf, falseAcceptanceRates }) },
    }),
    roc: thinRoc(rocCurve(genuine, impostors)),
  };
}

/** TAR at each FAR with equal weight for people, and for pairs of people. */
function ratesByPeople(
  pairs: readonly FacePair[],
  scores: Float32Array,
  { identityOf, falseAcceptanceRates }: Pick<VerifyOptions, 'identityOf' | 'falseAcceptanceRates'>,
): IdentificationRate[] {
  const keys = pairs.map(({ first, second }) => [identityOf(first), identityOf(second)].sort().join('\n'));
  const numbers = new Map([...new Set(keys)].map((key, number) => [key, number]));
  const counts = new Float64Array(numbers.size);
  pairs.forEach(({ same }, pair) => {
    if (!same) counts[numbers.get(keys[pair]!)!]!++;
  });
  const places = (wanted: boolean) => [...pairs.keys()].filter((pair) => pairs[pair]!.same === wanted);
  const similarities = (wanted: boolean) => Float32Array.from(places(wanted), (pair) => scores[pair]!);
  const numberOf = (pair: number) => numbers.get(keys[pair]!)!;
  return peopleRates(
    { similarities: similarities(true), people: Int32Array.from(places(true), numberOf) },
    {
      similarities: similarities(false),
      weights: Float64Array.from(places(false), (pair) => 1 / counts[numberOf(pair)]!),
    },
    falseAcceptanceRates,
  );
}
