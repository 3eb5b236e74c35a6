import { countOnce } from './countOnce.ts';
import { firstLook } from './maths/groupSequential.ts';
import { holm } from './maths/holm.ts';
import { noiseFloor, type NoiseFloor } from './maths/noiseFloor.ts';
import { pairedDifference, type PairedDifference } from './maths/pairedDifference.ts';
import { moreSeeds, type SeedRange } from './maths/seedsNeeded.ts';
import { smallestSignFlipP } from './maths/signFlipTest.ts';
import { mean } from './maths/statistics.ts';
import { superiority, type Superiority } from './maths/superiority.ts';
import { isHopeless, judgeSequentially, type StoppingRule } from './sequentialDuel.ts';

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
  readonly runs: readonly ComparedRun[];
  /**
   * Whether it is a model that no seed changes: its one run is compared with every run of another arm. The differences
   * then vary as the other arm does, and the paired tests are one-sample tests against a constant.
   */
  readonly isFixed?: boolean;
}
export interface ComparedRun {
  readonly id: string;
  readonly seed: number;
  readonly values: Readonly<Record<string, number | null>>;
}

/** 'equal' is a claim: the difference lies within the region of practical equivalence. */
export type Verdict = 'better' | 'worse' | 'equal' | 'notDistinguishable';

/** The difference of two arms in one metric, over their pairs: `arm` minus `against`. */
export interface ComparedPair extends PairedDifference {
  readonly arm: string;
  readonly against: string;
  readonly metric: ComparedMetric;
  readonly seeds: readonly number[];
  readonly armMean: number;
  readonly againstMean: number;
  /** P(arm > against) over the pairs; for a metric where lower is better, P(arm < against). */
  readonly superiority: Superiority;
  /** How many of the two are models that no seed changes. With 2, more seeds would change nothing. */
  readonly fixedArms: number;
  /** Whether there are too few pairs for more than a first impression. */
  readonly preliminary: boolean;
  /**
   * The test whose p is adjusted. Student's, which assumes normally distributed differences, for few pairs; the
   * sign-flip test from fewestSignFlipPairs on; the sequential t test in a duel that stops by itself.
   */
  readonly decidedBy: 'student' | 'signFlip' | 'sequential' | null;
  readonly adjustedP: number | null;
  readonly verdict: Verdict;
  /** The rule of a duel that stops by itself; null in one with a fixed number of seeds. */
  readonly stopping: StoppingRule | null;
  /** Whether a duel that stops by itself has little chance of a verdict by its last seed. */
  readonly hopeless: boolean;
  /**
   * How many more seeds would settle it with a power of 0.8, if the true effect is about as large as the one seen.
   * Null where it is settled, where there are too few pairs, and where chance alone would often give a number.
   */
  readonly moreSeeds: SeedRange | null;
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
/** With fewer pairs a verdict is preliminary. */
export const fewestPairs = firstLook;
/**
 * From this number of pairs on the sign-flip test decides. With fewer its power would be below that of Student's test
 * with one pair less, since it has few possible values of p (`npm run simulate:verdict` counts both).
 */
export const fewestSignFlipPairs = 12;
/** The seed of every resampling, so that a report always says the same. */
export const bootstrapSeed = 1;

/**
 * Compares each arm with the first, over pairs of runs with the same seed. An arm is better or worse where the 95 %
 * interval excludes 0 and p is below 0.05 after Holm's correction. The correction runs over all arms, for primary and
 * other metrics separately. With a stopping rule, interval and p are those of the sequential test, and Bonferroni's
 * correction takes the place of Holm's. Throws 'failed' where a run counts twice.
 */
export function compareArms(
  metrics: readonly ComparedMetric[],
  arms: readonly ComparedArm[],
  stopping: StoppingRule | null = null,
): Comparison {
  countOnce(arms);
  const [base, ...others] = arms;
  const named = (name: string) => arms.find((arm) => arm.name === name);
  const judged = (couples: readonly (readonly [arm: ComparedArm, against: ComparedArm])[]) =>
    [true, false].flatMap((primary) => {
      const family = couples.flatMap(([arm, against]) =>
        metrics.filter((metric) => metric.primary === primary).flatMap((metric) => pairUp(arm, against, metric)),
      );
      return stopping === null ? judge(family) : judgeWhileRunning(family, stopping);
    });
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

type Unjudged = Omit<ComparedPair, 'decidedBy' | 'adjustedP' | 'verdict' | 'moreSeeds' | 'stopping' | 'hopeless'>;

function pairUp(arm: ComparedArm, against: ComparedArm, metric: ComparedMetric): Unjudged[] {
  const fixedArms = [arm, against].filter(({ isFixed }) => isFixed === true).length;
  const seeds = arm.isFixed === true ? against.runs : arm.runs;
  const runOf = (of: ComparedArm, seed: number) =>
    of.isFixed === true ? of.runs[0] : of.runs.find((run) => run.seed === seed);
  const couples = seeds
    .flatMap(({ seed }) => {
      const own = runOf(arm, seed)?.values[metric.key] ?? null;
      const other = runOf(against, seed)?.values[metric.key] ?? null;
      return own === null || other === null ? [] : [{ seed, own, other }];
    })
    .sort((a, b) => a.seed - b.seed);
  if (couples.length === 0) return [];
  const own = couples.map((couple) => couple.own);
  const other = couples.map((couple) => couple.other);
  const difference = pairedDifference(other, own, bootstrapSeed);
  const towardsBetter = metric.better === 'higher' ? 1 : -1;
  return [
    {
      arm: arm.name,
      against: against.name,
      metric,
      seeds: couples.map(({ seed }) => seed),
      armMean: mean(own),
      againstMean: mean(other),
      ...difference,
      superiority: superiority(difference.differences.map((value) => towardsBetter * value)),
      fixedArms,
      preliminary: couples.length < fewestPairs,
    },
  ];
}

/** The sign-flip test where it has pairs enough and fine enough values of p, or where there is no spread. */
function testOf({ signFlipP, studentP, pairs }: Unjudged, familySize: number): ComparedPair['decidedBy'] {
  if (signFlipP === null) return null;
  if (studentP === null) return 'signFlip';
  const isFine = 10 * smallestSignFlipP(pairs) * familySize <= significance;
  return pairs >= fewestSignFlipPairs && isFine ? 'signFlip' : 'student';
}

const excludesZero = ({ interval }: Pick<Unjudged, 'interval'>): boolean =>
  interval !== null && (interval.low > 0 || interval.high < 0);

const directionOf = ({ mean: centre, metric }: Unjudged): 'better' | 'worse' =>
  centre > 0 === (metric.better === 'higher') ? 'better' : 'worse';

/** Judges one family of tests: Holm's correction runs over all of them. */
function judge(family: readonly Unjudged[]): ComparedPair[] {
  const decided = family.map((pair) => {
    const decidedBy = testOf(pair, family.length);
    const p = { signFlip: pair.signFlipP, student: pair.studentP, sequential: null };
    return { pair, decidedBy, p: decidedBy === null ? null : p[decidedBy] };
  });
  const tested = decided.filter((entry) => entry.p !== null);
  const adjusted = holm(tested.map((entry) => entry.p as number));
  return decided.map((entry) => {
    const { pair, decidedBy } = entry;
    const adjustedP = adjusted[tested.indexOf(entry)] ?? null;
    const settled = adjustedP !== null && adjustedP < significance && (excludesZero(pair) || pair.spread === 0);
    return {
      ...pair,
      decidedBy,
      adjustedP,
      verdict: settled ? directionOf(pair) : 'notDistinguishable',
      stopping: null,
      hopeless: false,
      moreSeeds: settled ? null : moreSeeds(pair, significance / family.length),
    };
  });
}

/** Judges one family of tests in a duel that stops by itself. */
function judgeWhileRunning(family: readonly Unjudged[], stopping: StoppingRule): ComparedPair[] {
  return family.map((pair): ComparedPair => {
    const looked = { pairs: pair.pairs, mean: pair.mean, spread: pair.spread ?? 0 };
    const rule = {
      atMost: stopping.atMost,
      region: pair.metric.unit === 'share' ? stopping.equalWithin / 100 : null,
      comparisons: family.length,
      significance,
    };
    const open = { ...pair, stopping, hopeless: false, moreSeeds: null };
    if (pair.pairs < 2) return { ...open, decidedBy: null, adjustedP: null, verdict: 'notDistinguishable' };
    if (looked.spread === 0) return withoutSpread(open, rule.region);
    const { interval, p, isEqual } = judgeSequentially(looked, rule);
    const adjustedP = Math.min(1, family.length * p);
    const isApart = adjustedP < significance && excludesZero({ interval });
    const apartOrOpen = isApart ? directionOf(pair) : 'notDistinguishable';
    // Both can hold: a small difference that is surely there. It is the more useful answer that it is small.
    return {
      ...open,
      interval,
      decidedBy: 'sequential',
      adjustedP,
      verdict: isEqual ? 'equal' : apartOrOpen,
      hopeless: !isEqual && !isApart && isHopeless(looked, rule),
    };
  });
}

/** Pairs that all differ by the same amount: equal where it is small and the first look has come. */
function withoutSpread(
  pair: Omit<ComparedPair, 'decidedBy' | 'adjustedP' | 'verdict'>,
  region: number | null,
): ComparedPair {
  const isEqual = pair.pairs >= fewestPairs && region !== null && Math.abs(pair.mean) < region;
  return {
    ...pair,
    decidedBy: 'signFlip',
    adjustedP: pair.signFlipP,
    verdict: isEqual ? 'equal' : 'notDistinguishable',
  };
}

/** Whether a duel that stops by itself may stop: each primary metric of each arm has a verdict, or no chance of one. */
export const mayStop = ({ pairs }: Pick<Comparison, 'pairs'>): boolean => {
  const primary = pairs.filter(({ metric, fixedArms }) => metric.primary && fixedArms < 2);
  return primary.length > 0 && primary.every(({ verdict, hopeless }) => verdict !== 'notDistinguishable' || hopeless);
};
