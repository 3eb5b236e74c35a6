import type { ComparedMetric } from '../../src-shared/comparison.ts';
import type { Texts } from '../../src-shared/reportTexts.ts';
import { fewestNegatives, primaryRate } from '../../src-shared/primaryRate.ts';
import type { RunEvaluation } from './runEvaluation.ts';

export interface ReportMetric extends ComparedMetric {
  /** Null where the run has no such value. */
  readonly read: (evaluation: RunEvaluation) => number | null;
  /** How many images or pairs the number was measured on, in words. */
  readonly restsOn: (evaluation: RunEvaluation) => string;
}

const rateAt = (evaluation: RunEvaluation, falsePositiveRate: number) =>
  evaluation.identification?.rates.find((rate) => rate.falsePositiveRate === falsePositiveRate && rate.carried);

const setNames = (evaluations: readonly RunEvaluation[]): readonly string[] => [
  ...new Set(evaluations.flatMap(({ sets = [] }) => sets.map(({ name }) => name))),
];

/** Accuracy on a verification set such as lfw.bin. */
function setMetric(name: string, { say }: Texts): ReportMetric {
  const of = ({ sets = [] }: RunEvaluation) => sets.find((set) => set.name === name);
  return {
    key: `sets.${name}`,
    title: say('metric.set', { set: name }),
    unit: 'share',
    better: 'higher',
    primary: false,
    read: (evaluation) => of(evaluation)?.mean ?? null,
    restsOn: (evaluation) => say('count.set', { pairs: of(evaluation)?.accuracy.total ?? 0 }),
  };
}

/**
 * Every metric that arms are compared by. To add one, add an entry. The verdict rests on the primary metrics. They are
 * few and fixed before any run, because each further one makes Holm's correction stricter for all of them. Where an arm
 * is not trained here, it has no head to read test accuracy from: nearest centre, which all arms have, takes its place.
 */
export function reportMetrics(
  evaluations: readonly RunEvaluation[],
  texts: Texts,
  { hasGiven }: { readonly hasGiven: boolean },
): ReportMetric[] {
  const { say } = texts;
  const testImages = (evaluation: RunEvaluation) =>
    say('count.testImages', { images: evaluation.accuracy.test?.top1.total ?? 0 });
  const carried = (evaluations[0]?.identification?.rates ?? [])
    .filter((rate) => evaluations.every((evaluation) => rateAt(evaluation, rate.falsePositiveRate)))
    .map((rate) => rate.falsePositiveRate)
    .sort((a, b) => b - a);
  const steady = carried.filter((rate) =>
    evaluations.every((evaluation) => (rateAt(evaluation, rate)?.allowedFalsePositives ?? 0) >= fewestNegatives),
  );
  const primary = primaryRate(steady);
  const verified = ({ verification }: RunEvaluation) =>
    say('count.verification', { genuine: verification?.genuine ?? 0, impostors: verification?.impostors ?? 0 });
  const compared = ({ marginFree }: RunEvaluation) => say('count.testImages', { images: marginFree?.images ?? 0 });
  const hardestGallery = ({ ranks }: RunEvaluation) => ranks?.byDistractors.at(-1);
  const all: ReportMetric[] = [
    {
      key: 'test.top1',
      title: say('metric.testTop1'),
      unit: 'share',
      better: 'higher',
      primary: !hasGiven,
      read: ({ accuracy }) => accuracy.test?.top1.value ?? null,
      restsOn: testImages,
    },
    {
      key: 'test.top5',
      title: say('metric.testTop5'),
      unit: 'share',
      better: 'higher',
      primary: false,
      read: ({ accuracy }) => accuracy.test?.top5.value ?? null,
      restsOn: testImages,
    },
    ...carried.map((rate): ReportMetric => ({
      key: `identification.fpr${rate}`,
      title: say('metric.identification', { rate: texts.short(rate) }),
      unit: 'share',
      better: 'higher',
      primary: rate === primary,
      read: (evaluation) => rateAt(evaluation, rate)?.truePositiveRate ?? null,
      restsOn: ({ identification }) =>
        say('count.pairs', { positives: identification?.positives ?? 0, negatives: identification?.negatives ?? 0 }),
    })),
    {
      key: 'verification.accuracy',
      title: say('metric.verification'),
      unit: 'share',
      better: 'higher',
      primary: false,
      read: ({ verification }) => verification?.accuracy.mean ?? null,
      restsOn: verified,
    },
    {
      key: 'verification.eer',
      title: say('metric.equalErrorRate'),
      unit: 'share',
      better: 'lower',
      primary: false,
      read: ({ verification }) => verification?.equalErrorRate ?? null,
      restsOn: verified,
    },
    {
      key: 'verification.auc',
      title: say('metric.areaUnderCurve'),
      unit: 'number',
      better: 'higher',
      primary: false,
      read: ({ verification }) => verification?.areaUnderCurve ?? null,
      restsOn: verified,
    },
    ...setNames(evaluations).map((name): ReportMetric => setMetric(name, texts)),
    {
      key: 'ranks.rank1',
      title: say('metric.rank1'),
      unit: 'share',
      better: 'higher',
      primary: false,
      read: (evaluation) => hardestGallery(evaluation)?.rank1.value ?? null,
      restsOn: (evaluation) =>
        say('count.ranks', {
          probes: evaluation.ranks?.probes ?? 0,
          gallery: (evaluation.ranks?.gallery ?? 0) + (hardestGallery(evaluation)?.distractors ?? 0),
        }),
    },
    {
      key: 'test.nearestCentre',
      title: say('metric.nearestCentre'),
      unit: 'share',
      better: 'higher',
      primary: hasGiven,
      read: ({ marginFree }) => marginFree?.nearestCentre.value ?? null,
      restsOn: compared,
    },
    {
      key: 'test.mapAtR',
      title: say('metric.mapAtR'),
      unit: 'share',
      better: 'higher',
      primary: false,
      read: ({ marginFree }) => marginFree?.retrieval?.meanAveragePrecisionAtR ?? null,
      restsOn: compared,
    },
    {
      key: 'test.silhouette',
      title: say('metric.silhouette'),
      unit: 'number',
      better: 'higher',
      primary: false,
      read: ({ marginFree }) => marginFree?.silhouette ?? null,
      restsOn: compared,
    },
    {
      key: 'test.ownAngle',
      title: say('metric.ownAngle'),
      unit: 'degrees',
      better: 'lower',
      primary: false,
      read: ({ geometry }) => geometry?.toMeans.own.mean ?? null,
      restsOn: ({ geometry }) => say('count.testImages', { images: geometry?.toMeans.own.count ?? 0 }),
    },
    {
      key: 'test.otherAngle',
      title: say('metric.otherAngle'),
      unit: 'degrees',
      better: 'higher',
      primary: false,
      read: ({ geometry }) => geometry?.toMeans.nearestOther.mean ?? null,
      restsOn: ({ geometry }) => say('count.testImages', { images: geometry?.toMeans.nearestOther.count ?? 0 }),
    },
  ];
  return all.filter((metric) => evaluations.some((evaluation) => metric.read(evaluation) !== null));
}
