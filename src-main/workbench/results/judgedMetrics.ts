import { identificationRatesOf } from '../../../src-shared/evaluation.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';

/**
 * The numbers that runs are compared by, each under the name of its column. They are stored separately, so that a list
 * of runs need not read whole evaluations.
 */
export function judgedMetrics(summary: TrainedSummary | null): Record<string, number> {
  const evaluation = summary?.evaluation;
  if (!evaluation) return {};
  const { accuracy, identification, verification, ranks, marginFree } = evaluation;
  const named: readonly (readonly [string, number | null | undefined])[] = [
    ['test/top1', accuracy.test?.top1.value],
    ['test/top5', accuracy.test?.top5.value],
    ...(identification ? identificationRatesOf(identification) : [])
      .filter((rate) => rate.carried)
      .map((rate) => [`TPR@FPR ${rate.falsePositiveRate}`, rate.truePositiveRate] as const),
    ['verification/accuracy', verification?.accuracy.mean],
    ['verification/AUC', verification?.areaUnderCurve],
    ['verification/EER', verification?.equalErrorRate],
    ...(evaluation.sets ?? []).map(({ name, mean }) => [`set ${name}`, mean] as const),
    ['rank-1', ranks?.byDistractors.at(-1)?.rank1.value],
    ['nearest centre', marginFree?.nearestCentre.value],
    ['MAP@R', marginFree?.retrieval?.meanAveragePrecisionAtR],
    ['silhouette', marginFree?.silhouette],
  ];
  return Object.fromEntries(named.filter((entry): entry is readonly [string, number] => typeof entry[1] === 'number'));
}
