import type { ComparedMetric } from '../../src-shared/comparison.ts';
import type { Texts } from '../../src-shared/reportTexts.ts';
import type { RunEvaluation } from './reportModel.ts';

export interface ReportMetric extends ComparedMetric {
  /** Null where the run does not carry it. */
  readonly read: (evaluation: RunEvaluation) => number | null;
  /** What the number rests on, in words. */
  readonly restsOn: (evaluation: RunEvaluation) => string;
}

const rateAt = (evaluation: RunEvaluation, falsePositiveRate: number) => evaluation.identification?.rates.find((rate) => rate.falsePositiveRate === falsePositiveRate && rate.carried);

/** Every metric that arms are compared by: a metric is one entry here. Primary ones, on which the verdict rests, are few and fixed before any run: each costs all others power. */
export function reportMetrics(evaluations: readonly RunEvaluation[], texts: Texts): ReportMetric[] {
  const { say } = texts;
  const testImages = (evaluation: RunEvaluation) => say('count.testImages', { images: evaluation.accuracy.test?.top1.total ?? 0 });
  const carried = (evaluations[0]?.identification?.rates ?? []).filter((rate) => evaluations.every((evaluation) => rateAt(evaluation, rate.falsePositiveRate))).map((rate) => rate.falsePositiveRate).sort((a, b) => b - a);
  const primaryRate = carried.includes(0.01) ? 0.01 : carried.at(-1);
  return [
    { key: 'test.top1', title: say('metric.testTop1'), unit: 'share', better: 'higher', primary: true, read: ({ accuracy }) => accuracy.test?.top1.value ?? null, restsOn: testImages },
    { key: 'test.top5', title: say('metric.testTop5'), unit: 'share', better: 'higher', primary: false, read: ({ accuracy }) => accuracy.test?.top5.value ?? null, restsOn: testImages },
    ...carried.map((rate): ReportMetric => ({
      key: `identification.fpr${rate}`, title: say('metric.identification', { rate: texts.short(rate) }), unit: 'share', better: 'higher', primary: rate === primaryRate,
      read: (evaluation) => rateAt(evaluation, rate)?.truePositiveRate ?? null,
      restsOn: ({ identification }) => say('count.pairs', { positives: identification?.positives ?? 0, negatives: identification?.negatives ?? 0 }),
    })),
  ];
}
