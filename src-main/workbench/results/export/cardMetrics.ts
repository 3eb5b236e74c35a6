import type { Rate } from '../../../../src-shared/evaluation.ts';
import type { Interval } from '../../../../src-shared/maths/statistics.ts';
import { carriedRates, type ExportedRun } from './exportedRun.ts';

/** A judged number of a model card. */
export interface CardMetric {
  /** The kind of metric, as Hugging Face's model-index has it. */
  readonly type: string;
  readonly name: string;
  /** A share from 0 to 1. */
  readonly value: number;
  /** 95 %; null where the run has none. */
  readonly interval: Interval | null;
  readonly restsOn: string;
}

/** The numbers of a run that a model card states; empty before it is judged. */
export function cardMetrics(exported: ExportedRun): CardMetric[] {
  const evaluation = exported.summary?.evaluation;
  if (!evaluation) return [];
  const { accuracy, identification, verification, sets = [] } = evaluation;
  const metrics: CardMetric[] = [];
  if (accuracy.test) {
    metrics.push(accuracyMetric('Top-1 accuracy on test', accuracy.test.top1, 'test images'));
    metrics.push(accuracyMetric('Top-5 accuracy on test', accuracy.test.top5, 'test images'));
  }
  for (const { falsePositiveRate, truePositiveRate, interval } of carriedRates(exported))
    metrics.push({
      type: 'recall',
      name: `True positive rate at a false positive rate of ${falsePositiveRate}`,
      value: truePositiveRate,
      interval,
      restsOn: `${identification?.positives} pairs of one person, ${identification?.negatives} of two`,
    });
  if (verification) {
    const restsOn = `${verification.genuine} pairs of one person, ${verification.impostors} of two`;
    const { intervals, accuracy: folds, areaUnderCurve, equalErrorRate } = verification;
    metrics.push(
      {
        type: 'accuracy',
        name: 'Verification accuracy',
        value: folds.mean,
        interval: intervals?.accuracy ?? null,
        restsOn,
      },
      {
        type: 'roc_auc',
        name: 'Area under the ROC curve',
        value: areaUnderCurve,
        interval: intervals?.areaUnderCurve ?? null,
        restsOn,
      },
      {
        type: 'eer',
        name: 'Equal error rate',
        value: equalErrorRate,
        interval: intervals?.equalErrorRate ?? null,
        restsOn,
      },
    );
  }
  for (const { name, accuracy: ofSet } of sets) metrics.push(accuracyMetric(`Accuracy on ${name}`, ofSet, 'pairs'));
  return metrics;
}

const accuracyMetric = (name: string, { value, low, high, total }: Rate, what: string): CardMetric => ({
  type: 'accuracy',
  name,
  value,
  interval: { low, high },
  restsOn: `${total} ${what}`,
});
