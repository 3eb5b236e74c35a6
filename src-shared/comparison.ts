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
  /** The verdict rests on the primary metrics, chosen before any run. The others have a correction of their own. */
  readonly primary: boolean;
}
export interface ComparedArm {
  readonly name: string;
  /** The arm that this one is a step from, in a ladder. */
  readonly against?: string | undefined;
  readonly runs: readonly { readonly seed: number; readonly values: Readonly<Record<string, number | null>> }[];
}

export type Verdict = 'better' | 'worse' | 'notDistinguishable';

/** The difference of two arms in one metric, over their pairs: `arm` minus `against`. */
export interface ComparedPair extends PairedDifference {
  readonly arm: string;
  readonly against: string;
  readonly metric: ComparedMetric;
  readonly seeds: readonly number[];
  readonly armMean: number;
  readonly againstMean: number;
  /**
   * The test whose p is adjusted. The sign-flip test where it can become significant with this number of pairs, else
   * Student's, which assumes normally distributed differences.
   */
  readonly decidedBy: 'student' | 'signFlip' | null;
  readonly adjustedP: number | null;
  readonly verdict: Verdict;
  /**
   * About how many more seeds would settle it with a power of 0.8. Null where it is settled, where there are too few
   * pairs to estimate it, or where a thousand would not be enough.
   */
  readonly moreSeeds: number | null;
}

export interface Comparison {
  readonly base: string;
  /** Each arm against the base, in each metric. */
  readonly pairs: readonly ComparedPair[];
  /** Each arm against the arm that it is a step from. */
  readonly steps: readonly ComparedPair[];
  /** How much each arm varies over its seeds. */
  readonly noise: readonly { readonly arm: string; readonly metric: ComparedMetric; readonly floor: NoiseFloor }[];
}

export const significance = 0.05;
/** The seed of every resampling, so that a report always says the same. */
export const bootstrapSeed = 1;

/**
 * Compares each arm with the first, over pairs of runs with the same seed. An arm is better or worse where the 95 %
 * interval excludes 0 and p is below 0.05 after Holm's correction. The correction runs over all arms, for primary and
 * other metrics separately.
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

/** The sign-flip test where it can become significant, or where there is no spread for Student's; else Student's. */
function testOf({ signFlipP, studentP, pairs }: Unjudged, familySize: number): ComparedPair['decidedBy'] {
  if (signFlipP === null) return null;
  return studentP === null || smallestSignFlipP(pairs) * familySize < significance ? 'signFlip' : 'student';
}

/** Judges one family of tests: Holm's correction runs over all of them. */
function judge(family: readonly Unjudged[]): ComparedPair[] {
  const decided = family.map((pair) => {
    const decidedBy = testOf(pair, family.length);
    const p = { signFlip: pair.signFlipP, student: pair.studentP };
    return { pair, decidedBy, p: decidedBy === null ? null : p[decidedBy] };
  });
  const tested = decided.filter((entry) => entry.p !== null);
  const adjusted = holm(tested.map((entry) => entry.p as number));
  return decided.map((entry) => {
    const { pair, decidedBy } = entry;
    const adjustedP = adjusted[tested.indexOf(entry)] ?? null;
    const excludesZero = pair.interval !== null && (pair.interval.low > 0 || pair.interval.high < 0);
    const settled = adjustedP !== null && adjustedP < significance && (excludesZero || pair.spread === 0);
    const towardsBetter = pair.mean > 0 === (pair.metric.better === 'higher');
    const settledVerdict = towardsBetter ? 'better' : 'worse';
    const needed =
      settled || pair.effectSize === null ? null : seedsNeeded(pair.effectSize, significance / family.length);
    return {
      ...pair,
      decidedBy,
      adjustedP,
      verdict: settled ? settledVerdict : 'notDistinguishable',
      moreSeeds: needed === null ? null : Math.max(1, needed - pair.pairs),
    };
  });
}
