import { comparePredictions, type PredictionComparison } from '../../src-shared/comparePredictions.ts';
import { compareArms, type Comparison } from '../../src-shared/comparison.ts';
import { countsForEverySeed, givenModelOf, hasGivenArm, type GivenModel } from '../../src-shared/arms.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { stoppingRuleOf } from '../../src-shared/sequentialDuel.ts';
import { mean } from '../../src-shared/maths/statistics.ts';
import { reportTexts, type Texts } from '../../src-shared/reportTexts.ts';
import { valCurveOf } from '../../src-shared/valCurve.ts';
import { reportMetrics, type ReportMetric } from './reportMetrics.ts';
import { judgedRuns, type JudgedRun, type ReportModel } from './reportModel.ts';
import type { RunEvaluation } from './runEvaluation.ts';

export interface ReportArm {
  readonly name: string;
  readonly variantOf: string | undefined;
  readonly against: string | undefined;
  readonly runs: readonly JudgedRun[];
  /** What it is if it was not trained here; null for an arm that was. */
  readonly given: GivenModel | null;
  /** Whether its one run is compared with every seed of the others. */
  readonly isFixed: boolean;
}

/** Which test pictures an arm gets right, compared with another arm. */
export interface ArmPredictions {
  readonly arm: string;
  readonly against: string;
  readonly compared: PredictionComparison;
}

/** What the sections are written from. */
export interface ReportContext {
  readonly model: ReportModel;
  readonly texts: Texts;
  /** What counts equally in the rates over pairs. */
  readonly pairWeights: 'people' | 'pairs';
  /** Every arm with its judged runs. The rates over pairs are those of `pairWeights`. */
  readonly arms: readonly ReportArm[];
  /** The arms that are compared. Of a sweep's variants, the one that val chose. */
  readonly chosen: readonly ReportArm[];
  readonly metrics: readonly ReportMetric[];
  readonly comparison: Comparison;
  readonly predictions: readonly ArmPredictions[];
}

/** Mean over an arm's runs of what val chooses by, in the epochs that were judged; null without runs. */
export function valScore({ runs }: ReportArm, { evaluation }: Pick<Plan, 'evaluation'>): number | null {
  const curve = valCurveOf({ evaluation });
  const values = runs.flatMap((run) =>
    curve === 'val/accuracy' ? (run.summary.evaluation.accuracy.val?.top1.value ?? []) : judgedValue(run, curve),
  );
  return values.length === 0 ? null : mean(values);
}

/** Mean val loss of an arm's runs in the epochs that were judged; the largest number where it is not known. */
export function valLoss({ runs }: ReportArm): number {
  const values = runs.flatMap((run) => judgedValue(run, 'val/loss'));
  return values.length === 0 || values.length < runs.length ? Number.MAX_VALUE : mean(values);
}

/** The value of a curve in the epoch that was judged, as a list of at most one. */
const judgedValue = ({ curves, summary }: JudgedRun, name: string): readonly number[] =>
  (curves[name] ?? []).filter(({ epoch }) => epoch === summary.bestEpoch).map(({ value }) => value);

/** Prepares what all sections read. */
export function reportContext(model: ReportModel): ReportContext {
  const texts = reportTexts(model.plan.report.language);
  const pairWeights = pairWeightsOf(model);
  const arms = model.plan.arms.map((arm): ReportArm => ({
    name: arm.name,
    variantOf: arm.variantOf,
    against: arm.against,
    runs: judgedRuns(model, arm.name).map((run) => withWeights(run, pairWeights)),
    given: givenModelOf(arm),
    isFixed: countsForEverySeed(model.plan, arm),
  }));
  const chosen = arms.filter(
    (arm) =>
      arm.variantOf === undefined ||
      arm ===
        bestOf(
          arms.filter((other) => other.variantOf === arm.variantOf),
          model.plan,
        ),
  );
  const metrics = reportMetrics(
    chosen.flatMap((arm) => arm.runs.map((run) => run.summary.evaluation)),
    texts,
    { hasGiven: hasGivenArm(model.plan) },
  );
  const comparison = compareArms(
    metrics,
    chosen.map(({ name, against, runs, isFixed }) => ({
      name,
      against,
      isFixed,
      runs: runs.map((run) => ({
        id: run.id,
        seed: run.seed,
        values: Object.fromEntries(metrics.map((metric) => [metric.key, metric.read(run.summary.evaluation)])),
      })),
    })),
    stoppingRuleOf(model.plan),
  );
  return { model, texts, pairWeights, arms, chosen, metrics, comparison, predictions: predictionsOf(chosen) };
}

/** The weights of the plan; those of pairs if an older version judged a run, since all runs need the same. */
function pairWeightsOf({ plan, runs }: ReportModel): 'people' | 'pairs' {
  const isOld = ({ summary }: ReportModel['runs'][number]) => {
    const identification = summary?.evaluation?.identification;
    return identification !== undefined && identification !== null && identification.byPeople === undefined;
  };
  return plan.evaluation.pairWeights === 'people' && !runs.some(isOld) ? 'people' : 'pairs';
}

function withWeights(run: JudgedRun, weights: 'people' | 'pairs'): JudgedRun {
  const { evaluation } = run.summary;
  const { identification, verification } = evaluation;
  if (weights === 'pairs') return run;
  const weighed: RunEvaluation = {
    ...evaluation,
    identification: identification && {
      ...identification,
      rates: identification.byPeople?.rates ?? identification.rates,
    },
    ...(verification?.byPeople && { verification: { ...verification, rates: verification.byPeople.rates } }),
  };
  return { ...run, summary: { ...run.summary, evaluation: weighed } };
}

/** Compares each arm with the arm it is a step from, else with the first, over the seeds of both. */
function predictionsOf(chosen: readonly ReportArm[]): ArmPredictions[] {
  const [first, ...others] = chosen.filter(({ given }) => given === null); // the others have no head that predicts
  return others.flatMap((arm) => {
    const against = chosen.find((other) => other.name === arm.against) ?? (first as ReportArm);
    const pairs = arm.runs.flatMap(({ id, seed, predictions: second }) => {
      const other = against.runs.find((run) => run.seed === seed);
      return other?.predictions && second
        ? [{ seed, runs: [other.id, id] as const, first: other.predictions, second }]
        : [];
    });
    return pairs.length === 0 ? [] : [{ arm: arm.name, against: against.name, compared: comparePredictions(pairs) }];
  });
}

/**
 * The variant with the best val measure among those with the most finished runs. Ties go to the lower val loss. A
 * variant that diverged with some seed is not chosen.
 */
function bestOf(variants: readonly ReportArm[], plan: Plan): ReportArm | undefined {
  const most = Math.max(...variants.map((arm) => arm.runs.length));
  return variants
    .filter((arm) => arm.runs.length === most)
    .toSorted((a, b) => (valScore(b, plan) ?? -1) - (valScore(a, plan) ?? -1) || valLoss(a) - valLoss(b))[0];
}
