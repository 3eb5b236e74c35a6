import type { Identification } from '../../../src-shared/evaluation.ts';
import type { Texts } from '../../../src-shared/reportTexts.ts';
import { armSeries } from '../charts/armSeries.ts';
import { lineChart } from '../charts/lineChart.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { carriedRates, rateCell } from '../rateCell.ts';
import type { ReportContext } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';
import { chartBook, type WrittenSection } from '../section.ts';

const identificationOf = (run: JudgedRun) => run.summary.evaluation.identification;
const ratesOf = (run: JudgedRun) => identificationOf(run)?.rates ?? [];

/** TPR at each FPR over pairs of people who were not in training, as a table and a chart. */
export function identificationPart({ chosen, texts, pairWeights }: ReportContext): WrittenSection | null {
  const { say } = texts;
  const arms = chosen.filter((arm) => arm.runs.some(identificationOf));
  const first = arms[0]?.runs.map(identificationOf).find((found) => found !== null);
  if (!first) return null;
  const carried = carriedRates(first.rates);
  const notCarried = first.rates.filter((rate) => !rate.carried).map((rate) => texts.short(rate.falsePositiveRate));
  const mostRuns = Math.max(...arms.map((arm) => arm.runs.length));

  const rows = carried.map(({ falsePositiveRate, allowedFalsePositives }) => [
    texts.short(falsePositiveRate),
    texts.count(allowedFalsePositives),
    ...arms.map(({ runs }) => {
      const own = runs.flatMap(ratesOf).filter((rate) => rate.falsePositiveRate === falsePositiveRate);
      return rateCell(own, mostRuns === 1, texts);
    }),
  ]);

  const title = say('chart.identification');
  const chart = lineChart({
    title,
    xTitle: say('axis.fpr'),
    yTitle: say('axis.tpr'),
    logarithmic: true,
    percent: true,
    write: texts.short,
    series: armSeries(arms, chosen, ({ runs }) =>
      runs.map((run) =>
        ratesOf(run)
          .filter((rate) => rate.carried)
          .map((rate) => [rate.falsePositiveRate, rate.truePositiveRate] as const),
      ),
    ).filter((series) => series.points.length > 1),
  });

  const book = chartBook();
  return {
    charts: book.charts,
    markdown: paragraphs([
      `### ${say('heading.identification')}`,
      [
        say('identification.pairs', { positives: first.positives, negatives: first.negatives }),
        say(pairWeights === 'people' ? 'identification.equalPeople' : 'identification.equalPairs'),
        ...largestPerson(first, texts),
      ].join(' '),
      table([say('column.fpr'), say('column.allowed'), ...arms.map((arm) => escapeMarkdown(arm.name))], rows),
      [
        mostRuns > 1
          ? say('identification.several', { runs: mostRuns })
          : say(first.people === undefined ? 'identification.one' : 'identification.byPeople'),
        ...(notCarried.length > 0 ? [say('identification.left', { rates: texts.list(notCarried) })] : []),
      ].join(' '),
      carried.length > 1 ? book.show('identification.svg', chart, title) : null,
    ]),
  };
}

/** Who has far more than an equal share of the positive pairs, and how much. */
function largestPerson({ byPeople }: Identification, texts: Texts): string[] {
  if (!byPeople) return [];
  const { identity, images, people, positiveShare, negativeShare } = byPeople.largest;
  if (positiveShare <= 2 / people) return [];
  return [
    texts.say('identification.largest', {
      name: escapeMarkdown(identity),
      images,
      positives: texts.percent(positiveShare),
      negatives: texts.percent(negativeShare),
    }),
  ];
}
