import type { Interval } from '../../../src-shared/maths/statistics.ts';
import { armSeries } from '../charts/armSeries.ts';
import { lineChart } from '../charts/lineChart.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { meanAndRange } from '../meanAndRange.ts';
import { carriedRates, rateCell } from '../rateCell.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';
import type { RunEvaluation } from '../runEvaluation.ts';
import { chartBook, type WrittenSection } from '../section.ts';

type Verification = NonNullable<RunEvaluation['verification']>;

const verificationOf = (run: JudgedRun): readonly Verification[] => {
  const { verification } = run.summary.evaluation;
  return verification ? [verification] : [];
};

/**
 * Same person or not: accuracy over LFW's folds, equal error rate, TAR at each FAR and the ROC curve, over pairs of
 * people who were not in training.
 */
export function verificationPart({ chosen, texts }: ReportContext): WrittenSection | null {
  const { say } = texts;
  const arms = chosen.filter((arm) => arm.runs.flatMap(verificationOf).length > 0);
  const first = arms[0]?.runs.flatMap(verificationOf)[0];
  if (!first) return null;
  const title = say('chart.roc');
  const book = chartBook();
  return {
    charts: book.charts,
    markdown: paragraphs([
      `### ${say('heading.verification')}`,
      introduction(first, arms, texts),
      table(
        [
          say('column.arm'),
          say('metric.verification'),
          say('metric.equalErrorRate'),
          say('metric.areaUnderCurve'),
          say('column.runs'),
        ],
        arms.map((arm) => summaryRow(arm, texts)),
      ),
      acceptedShares(arms, first, texts),
      book.show('roc.svg', rocChart({ title, arms, chosen, first, texts }), title),
    ]),
  };
}

/** How many pairs there are, and how they are judged. */
function introduction(first: Verification, arms: readonly ReportArm[], { say, count }: ReportContext['texts']): string {
  const sentences = [
    say('verification.pairs', { genuine: first.genuine, impostors: first.impostors, people: first.people }),
  ];
  if (first.source === 'file') sentences.push(say('verification.file', { listed: first.listed ?? 0 }));
  const mostRuns = Math.max(...arms.map(({ runs }) => runs.length));
  if (mostRuns > 1) sentences.push(say('identification.several', { runs: mostRuns }));
  // Runs that an older version judged have no folds.
  if (first.intervals && arms.some(({ runs }) => runs.length === 1)) sentences.push(say('verification.intervals'));
  const pairs = (first.accuracy.folds ?? []).map((fold) => fold.pairs);
  if (pairs.length > 0) {
    const fewest = Math.min(...pairs);
    const most = Math.max(...pairs);
    sentences.push(
      say('verification.folds', {
        folds: pairs.length,
        pairs: fewest === most ? count(most) : `${count(fewest)}–${count(most)}`,
      }),
    );
  }
  return sentences.join(' ');
}

function summaryRow(arm: ReportArm, texts: ReportContext['texts']): string[] {
  const own = arm.runs.flatMap(verificationOf);
  const deviation = own.length === 1 ? own[0]?.accuracy.standardDeviation : undefined;
  const intervals = own.length === 1 ? own[0]?.intervals : undefined;
  const cell = (values: readonly number[], write: (value: number) => string, interval?: Interval) =>
    `${meanAndRange(values, write)}${interval ? ` (${write(interval.low)}–${write(interval.high)})` : ''}`;
  const accuracy = cell(
    own.map((verification) => verification.accuracy.mean),
    texts.percent,
    intervals?.accuracy,
  );
  return [
    escapeMarkdown(arm.name),
    deviation === undefined ? accuracy : `${accuracy} ± ${texts.decimal(100 * deviation, 1)}`,
    cell(
      own.map(({ equalErrorRate }) => equalErrorRate),
      texts.percent,
      intervals?.equalErrorRate,
    ),
    cell(
      own.map(({ areaUnderCurve }) => areaUnderCurve),
      (value) => texts.decimal(value, 4),
      intervals?.areaUnderCurve,
    ),
    String(own.length),
  ];
}

/** TAR at each FAR that there are enough impostors for. */
function acceptedShares(arms: readonly ReportArm[], first: Verification, texts: ReportContext['texts']): string | null {
  const { say } = texts;
  const carried = carriedRates(first.rates ?? []);
  if (carried.length === 0) return null;
  const single = arms.every((arm) => arm.runs.length <= 1);
  const rows = carried.map(({ falsePositiveRate, allowedFalsePositives }) => [
    texts.short(falsePositiveRate),
    texts.count(allowedFalsePositives),
    ...arms.map(({ runs }) => {
      const rates = runs.flatMap(verificationOf).flatMap((verification) => verification.rates ?? []);
      return rateCell(
        rates.filter((rate) => rate.falsePositiveRate === falsePositiveRate),
        single,
        texts,
      );
    }),
  ]);
  const arm = (name: string) => say('column.tar', { arm: escapeMarkdown(name) });
  return paragraphs([
    table([say('column.far'), say('column.impostors'), ...arms.map(({ name }) => arm(name))], rows),
    single ? say(first.intervals ? 'identification.byPeople' : 'identification.one') : null,
  ]);
}

const rocPoints = 33;

/**
 * The curves of several seeds have their corners at different places. They are all read at the same rates, of which the
 * lowest is one impostor.
 */
function rocChart({
  title,
  arms,
  chosen,
  first,
  texts,
}: {
  readonly title: string;
  readonly arms: readonly ReportArm[];
  readonly chosen: readonly ReportArm[];
  readonly first: Verification;
  readonly texts: ReportContext['texts'];
}): string | null {
  const grid = Array.from({ length: rocPoints }, (_, step) => first.impostors ** (step / (rocPoints - 1) - 1));
  const readAt = ({ roc }: Verification, rate: number) => {
    const corner = roc.falsePositiveRates.findLastIndex((own) => own <= rate + 1e-12);
    return roc.truePositiveRates[corner] ?? 0;
  };
  return lineChart({
    title,
    xTitle: texts.say('axis.fpr'),
    yTitle: texts.say('axis.tpr'),
    logarithmic: true,
    xTicks: [1, 0.1, 0.01, 0.001, 0.0001, 0.00001].filter((rate) => rate >= 1 / first.impostors),
    percent: true,
    write: texts.short,
    series: armSeries(arms, chosen, ({ runs }) =>
      runs
        .flatMap(verificationOf)
        .map((verification) => grid.map((rate) => [rate, readAt(verification, rate)] as const)),
    ),
  });
}
