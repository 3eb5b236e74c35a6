import { holm } from './maths/holm.ts';
import { noiseFloor, type NoiseFloor } from './maths/noiseFloor.ts';
import { pairedDifference, type PairedDifference } from './maths/pairedDifference.ts';
import { seedsNeeded } from './maths/seedsNeeded.ts';
import { smallestSignFlipP } from './maths/signFlipTest.ts';
import { mean } from './maths/statistics.ts';

export interface ComparedMetric {
  readonly key: string;
  readonly title: string;
  readonly unit: 'share' | 'degrees' | 'number';
  readonly better: 'higher' | 'lower';
  /**
   * The verdict rests on primary metrics, named before any run; the others are shown and corrected among themselves.
   */
  readonly primary: boolean;
}
export interface ComparedArm {
  readonly name: string;
  /** The arm it is one step away from, in a ladder. */
  readonly against?: string | undefined;
  readonly runs: readonly { readonly seed: number; readonly values: Readonly<Record<string, number | null>> }[];
}

export type Verdict = 'better' | 'worse' | 'notDistinguishable';

/** What the pairs of two arms say about one metric: an arm minus the one it is held against. */
export interface ComparedPair extends PairedDifference {
  readonly arm: string;
  readonly against: string;
  readonly metric: ComparedMetric;
  readonly seeds: readonly number[];
  readonly armMean: number;
  readonly againstMean: number;
  /**
   * The test whose p is adjusted: the sign-flip test where its smallest p can pass Holm's step, else Student's, which
   * takes differences for normally distributed.
   */
  readonly decidedBy: 'student' | 'signFlip' | null;
  readonly adjustedP: number | null;
  readonly verdict: Verdict;
  /**
   * About so many more seeds would settle it with a power of 0.8; null where it is settled, where there are too few
   * pairs to tell, or where a thousand would not do.
   */
  readonly moreSeeds: number | null;
}

export interface Comparison {
  readonly base: string;
  /** Each arm against the base, by arm and metric. */
  readonly pairs: readonly ComparedPair[];
  /** Each arm against the one it is a step away from. */
  readonly steps: readonly ComparedPair[];
  /** Spread of one arm over seeds. */
  readonly noise: readonly { readonly arm: string; readonly metric: ComparedMetric; readonly floor: NoiseFloor }[];
}

export const significance = 0.05;
/** Of every resampling, so that a report says the same each time. */
export const bootstrapSeed = 1;

/**
 * Holds each arm against the first by pairs of one seed. Better or worse is said where the 95 % interval leaves 0 out
 * and Holm's p over all pairs of arms and metrics of one kind is below 0.05.
 */
export function compareArms(metrics: readonly ComparedMetric[], arms: readonly ComparedArm[]): Comparison {
  const [base, ...others] = arms;
  const named = (name: string) => arms.find((arm) => arm.name === name);
  const judged = (couples: readonly (readonly [arm: ComparedArm, against: ComparedArm])[]) =>
    [true, false].flatMap((primary) =>
      judge(
        couples.flatMap(([arm, against]) =>
          metrics.filter((metric) => metric.primary === primary).flatMap((metric) => pairUp(arm, against, metric)),
        ),
      ),
    );
  return {
    base: base?.name ?? '',
    pairs: base ? judged(others.map((arm) => [arm, base])) : [],
    steps: judged(
      arms.flatMap((arm) => {
        const against = arm.against === undefined ? undefined : named(arm.against);
        return against ? [[arm, against] as const] : [];
      }),
    ),
    noise: arms.flatMap((arm) =>
      metrics.flatMap((metric) => {
        const floor = noiseFloor(arm.runs.flatMap((run) => run.values[metric.key] ?? []));
        return floor ? [{ arm: arm.name, metric, floor }] : [];
      }),
    ),
  };
}

type Unjudged = Omit<ComparedPair, 'decidedBy' | 'adjustedP' | 'verdict' | 'moreSeeds'>;

function pairUp(arm: ComparedArm, against: ComparedArm, metric: ComparedMetric): Unjudged[] {
  const couples = arm.runs
    .flatMap((run) => {
      const own = run.values[metric.key] ?? null;
      const other = against.runs.find((entry) => entry.seed === run.seed)?.values[metric.key] ?? null;
      return own === null || other === null ? [] : [{ seed: run.seed, own, other }];
    })
    .sort((a, b) => a.seed - b.seed);
  if (couples.length === 0) return [];
  const own = couples.map((couple) => couple.own);
  const other = couples.map((couple) => couple.other);
  return [
    {
      arm: arm.name,
      against: against.name,
      metric,
      seeds: couples.map(({ seed }) => seed),
      armMean: mean(own),
      againstMean: mean(other),
      ...pairedDifference(other, own, bootstrapSeed),
    },
  ];
}

/** One family of tests: Holm's adjustment runs over all that are given. */
function judge(family: readonly Unjudged[]): ComparedPair[] {
  const decided = family.map((pair) => {
    // Without any spread, Student's test has nothing to go by.
    const decidedBy =
      pair.signFlipP === null
        ? null
        : pair.studentP === null || smallestSignFlipP(pair.pairs) * family.length < significance
          ? ('signFlip' as const)
          : ('student' as const);
    return {
      pair,
      decidedBy,
      p: decidedBy === 'signFlip' ? pair.signFlipP : decidedBy === 'student' ? pair.studentP : null,
    };
  });
  const tested = decided.filter((entry) => entry.p !== null);
  const adjusted = holm(tested.map((entry) => entry.p as number));
  return decided.map((entry) => {
    const { pair, decidedBy } = entry;
    const adjustedP = adjusted[tested.indexOf(entry)] ?? null;
    const excludesZero = pair.interval !== null && (pair.interval.low > 0 || pair.interval.high < 0);
    const settled = adjustedP !== null && adjustedP < significance && (excludesZero || pair.spread === 0);
    const verdict: Verdict = !settled
      ? 'notDistinguishable'
      : pair.mean > 0 === (pair.metric.better === 'higher')
        ? 'better'
        : 'worse';
    const needed =
      settled || pair.effectSize === null ? null : seedsNeeded(pair.effectSize, significance / family.length);
    return {
      ...pair,
      decidedBy,
      adjustedP,
      verdict,
      moreSeeds: needed === null ? null : Math.max(1, needed - pair.pairs),
    };
  });
}
