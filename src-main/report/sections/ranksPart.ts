import { armSeries } from '../charts/armSeries.ts';
import { lineChart } from '../charts/lineChart.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { meanAndRange } from '../meanAndRange.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';
import type { RunEvaluation } from '../runEvaluation.ts';
import { chartBook, type WrittenSection } from '../section.ts';

type Ranks = NonNullable<RunEvaluation['ranks']>;

const ranksOf = (run: JudgedRun): readonly Ranks[] => {
  const { ranks } = run.summary.evaluation;
  return ranks ? [ranks] : [];
};

/** Whose picture it is: rank 1 and rank 5 as distractors are added, and the cumulative match curve with all of them. */
export function ranksPart({ chosen, texts }: ReportContext): WrittenSection | null {
  const { say } = texts;
  const arms = chosen.filter((arm) => arm.runs.flatMap(ranksOf).length > 0);
  const first = arms[0]?.runs.flatMap(ranksOf)[0];
  if (!first) return null;
  const mostRuns = Math.max(...arms.map(({ runs }) => runs.length));

  const chart = (
    title: string,
    xTitle: string,
    pointsOf: (ranks: Ranks) => readonly (readonly [x: number, y: number])[],
  ) =>
    lineChart({
      title,
      xTitle,
      yTitle: say('axis.found'),
      percent: true,
      write: texts.short,
      series: armSeries(arms, chosen, ({ runs }) => runs.flatMap(ranksOf).map(pointsOf)),
    });
  const curveTitle = say('chart.cumulative', { distractors: first.byDistractors.at(-1)?.distractors ?? 0 });
  const curve = chart(curveTitle, say('axis.rank'), ({ cumulative = [] }) =>
    cumulative.map(({ rank, value }) => [rank, value] as const),
  );
  const growthTitle = say('chart.growth');
  const growth = chart(growthTitle, say('axis.distractors'), ({ byDistractors }) =>
    byDistractors.map(({ distractors, rank1 }) => [distractors, rank1.value] as const),
  );

  const book = chartBook();
  return {
    charts: book.charts,
    markdown: paragraphs([
      `### ${say('heading.ranks')}`,
      [
        say('ranks.intro', { probes: first.probes, gallery: first.gallery }),
        ...(mostRuns > 1 ? [say('identification.several', { runs: mostRuns })] : []),
      ].join(' '),
      table(
        [say('column.distractors'), ...first.byDistractors.map(({ distractors }) => texts.count(distractors))],
        arms.flatMap((arm) => ([1, 5] as const).map((rank) => rankRow(arm, rank, { first, texts }))),
      ),
      book.show('cumulative.svg', curve, curveTitle),
      first.byDistractors.length > 2 ? book.show('distractors.svg', growth, growthTitle) : null,
    ]),
  };
}

/** The share that an arm finds within a rank, a cell for each number of distractors. */
function rankRow(
  arm: ReportArm,
  rank: 1 | 5,
  { first, texts }: { readonly first: Ranks; readonly texts: ReportContext['texts'] },
): string[] {
  const cells = first.byDistractors.map(({ distractors }) => {
    const own = arm.runs
      .flatMap(ranksOf)
      .flatMap(({ byDistractors }) => byDistractors.filter((entry) => entry.distractors === distractors));
    return meanAndRange(
      own.flatMap((entry) => (rank === 1 ? entry.rank1.value : (entry.rank5?.value ?? []))),
      texts.percent,
    );
  });
  return [texts.say('column.rank', { arm: escapeMarkdown(arm.name), rank }), ...cells];
}
