import type { Verification } from '../../src-shared/evaluation.ts';
import {
  areaUnderCurveOf,
  bootstrapOverPeople,
  equalErrorRateOf,
  truePositiveRateAt,
  withIntervals,
  type PairStatistic,
} from '../../src-shared/maths/bootstrapOverPeople.ts';
import { countPairs, levelOf, type PairsByPerson } from '../../src-shared/maths/countPairs.ts';
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
  /** Seed of the bootstrap over people. */
  readonly seed: number;
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
  seed,
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
  const accuracy = verificationAccuracy({
    scores,
    same: Uint8Array.from(pairs, ({ same }) => (same ? 1 : 0)),
    folds: Int32Array.from(pairs, ({ fold }) => fold),
  });
  const judged = {
    accuracy,
    areaUnderCurve: areaUnderCurve(genuine, impostors),
    equalErrorRate: equalErrorRate(genuine, impostors),
    rates: identificationRates(genuine, impostors, falseAcceptanceRates),
  };
  const people = pairs.map(({ first, second }) => [identityOf(first), identityOf(second)] as const);
  return {
    source,
    listed,
    genuine: genuine.length,
    impostors: impostors.length,
    people: new Set(people.flat()).size,
    ...judged,
    ...intervalsOf(judged, { pairs, scores, people, seed }),
    // The pairs of a file are a protocol: each counts once.
    ...(source === 'built' && {
      weights,
      byPeople: { rates: ratesByPeople({ pairs, scores, people, seed }, falseAcceptanceRates) },
    }),
    roc: thinRoc(rocCurve(genuine, impostors)),
  };
}

type Judged = Pick<Verification, 'accuracy' | 'areaUnderCurve' | 'equalErrorRate' | 'rates'>;

/** The intervals of all that verification measures, from one bootstrap over people. */
function intervalsOf(
  { accuracy, areaUnderCurve, equalErrorRate, rates }: Judged,
  scored: ScoredByPeople & { readonly seed: number },
): Pick<Verification, 'intervals' | 'rates'> {
  const [ofArea, ofError, ...ofRates] = bootstrapOverPeople(
    countedPairs(scored),
    [
      { value: areaUnderCurve, statistic: areaUnderCurveOf },
      { value: equalErrorRate, statistic: equalErrorRateOf },
      ...rates.map(({ truePositiveRate, falsePositiveRate }) => ({
        value: truePositiveRate,
        statistic: truePositiveRateAt(falsePositiveRate),
      })),
    ],
    scored.seed,
  );
  const [ofAccuracy] = bootstrapOverPeople(
    rightPairs(scored, accuracy),
    [{ value: accuracy.mean, statistic: shareAbove }],
    scored.seed,
  );
  return {
    intervals: { accuracy: ofAccuracy!, areaUnderCurve: ofArea!, equalErrorRate: ofError! },
    rates: rates.map((rate, place) => ({ ...rate, interval: ofRates[place]! })),
  };
}

interface ScoredByPeople {
  readonly pairs: readonly FacePair[];
  readonly scores: Float32Array;
  /** The people of each pair. */
  readonly people: readonly (readonly [string, string])[];
}

const levelsOfScores = 240;

/** The pairs by person, above similarities that divide all scores evenly, and the highest impostors one by one. */
function countedPairs({ pairs, scores, people }: ScoredByPeople, weightOf?: (pair: number) => number): PairsByPerson {
  const falling = scores.slice().sort().reverse();
  const impostors = scores
    .filter((_, pair) => !pairs[pair]!.same)
    .sort()
    .reverse();
  const even = Array.from(
    { length: levelsOfScores },
    (_, place) => falling[Math.floor((place * falling.length) / levelsOfScores)]!,
  );
  const levels = Float32Array.from(new Set([...even, ...impostors.slice(0, levelsOfScores)]))
    .sort()
    .reverse();
  return byPerson({ pairs, people, weightOf }, levels.length, (pair) => levelOf(levels, scores[pair]!));
}

/** The pairs by person at one level, which those that were judged rightly in their fold are above. */
function rightPairs({ pairs, scores, people }: ScoredByPeople, { folds }: Verification['accuracy']): PairsByPerson {
  // Folds without pairs are left out of the accuracy.
  const present = [...new Set(pairs.map(({ fold }) => fold))].sort((a, b) => a - b);
  return byPerson({ pairs, people }, 1, (pair) => {
    const { same, fold } = pairs[pair]!;
    return scores[pair]! > folds[present.indexOf(fold)]!.threshold === same ? 0 : 1;
  });
}

const shareAbove: PairStatistic = ({ genuine, impostors, genuineAbove, impostorsAbove }) =>
  (genuineAbove(0) + impostorsAbove(0)) / (genuine + impostors);

function byPerson(
  {
    pairs,
    people,
    weightOf = () => 1,
  }: Pick<ScoredByPeople, 'pairs' | 'people'> & { readonly weightOf?: ((pair: number) => number) | undefined },
  levels: number,
  levelOfPair: (pair: number) => number,
): PairsByPerson {
  const numbers = new Map([...new Set(people.flat())].map((name, number) => [name, number]));
  const counter = countPairs([numbers.size], levels);
  people.forEach(([first, second], pair) => {
    const person = numbers.get(first)!;
    const level = levelOfPair(pair);
    const weight = weightOf(pair);
    if (pairs[pair]!.same) counter.genuine(person, level, weight);
    else for (const one of [person, numbers.get(second)!]) counter.impostor(one, level, weight);
  });
  return counter.result();
}

/** TAR at each FAR with equal weight for people, and for pairs of people. */
function ratesByPeople(
  { pairs, scores, people, seed }: ScoredByPeople & { readonly seed: number },
  falseAcceptanceRates: readonly number[],
): IdentificationRate[] {
  const keys = people.map((names) => [...names].sort().join('\n'));
  const numbers = new Map([...new Set(keys)].map((key, number) => [key, number]));
  const numberOf = (pair: number) => numbers.get(keys[pair]!)!;
  const counts = { genuine: new Float64Array(numbers.size), impostor: new Float64Array(numbers.size) };
  pairs.forEach(({ same }, pair) => {
    counts[same ? 'genuine' : 'impostor'][numberOf(pair)]!++;
  });
  const weightOf = (pair: number) => 1 / counts[pairs[pair]!.same ? 'genuine' : 'impostor'][numberOf(pair)]!;
  const places = (wanted: boolean) => [...pairs.keys()].filter((pair) => pairs[pair]!.same === wanted);
  const similarities = (wanted: boolean) => Float32Array.from(places(wanted), (pair) => scores[pair]!);
  const rates = peopleRates(
    { similarities: similarities(true), people: Int32Array.from(places(true), numberOf) },
    { similarities: similarities(false), weights: Float64Array.from(places(false), weightOf) },
    falseAcceptanceRates,
  );
  return withIntervals(rates, countedPairs({ pairs, scores, people }, weightOf), seed);
}
