import type { ComparedPair } from '../../../src-shared/comparison.ts';
import { sharedParts, unpairedRuns, type SharedPart } from '../../../src-shared/pairing.ts';
import { metricDifference, verdictSentence } from '../../../src-shared/verdictSentence.ts';
import { shorten } from '../charts/chartFrame.ts';
import { differenceChart, differenceLabel } from '../charts/differenceChart.ts';
import { escapeMarkdown, paragraphs } from '../markdown.ts';
import type { ReportContext } from '../reportContext.ts';
import { chartBook, type Section } from '../section.ts';
import { intervalInWords } from '../intervalInWords.ts';

const isPrimary = ({ metric }: ComparedPair) => metric.primary;

/** The answer in plain words: each arm against the first by the primary metrics, and what it rests on. */
export const verdictSection: Section = (context) => {
  const {
    texts: { say },
    texts,
    comparison,
    chosen,
  } = context;
  const primary = comparison.pairs.filter(isPrimary);
  const book = chartBook();
  const tested = primary.filter((pair) => pair.adjustedP !== null);
  const body =
    chosen.length < 2
      ? [say('verdict.none')]
      : primary.length === 0
        ? [say('verdict.notDone')]
        : [
            sentences(primary, context)
              .map((sentence) => `- ${sentence}`)
              .join('\n'),
            tested.length > 0 ? say('verdict.brackets', { comparisons: tested.length }) : say('verdict.addSeeds'),
            tested.length === 0
              ? null
              : book.show(
                  'differences.svg',
                  differenceChart({
                    title: say('chart.differences', { base: comparison.base }),
                    xTitle: say('axis.points'),
                    write: (value) => texts.decimal(value, Number.isInteger(value) ? 0 : 1),
                    rows: primary
                      .filter((pair) => pair.metric.unit === 'share')
                      .map((pair) => ({
                        label:
                          chosen.length === 2
                            ? pair.metric.title
                            : `${shorten(pair.arm, Math.max(12, differenceLabel - pair.metric.title.length - 2))}: ` +
                              `${pair.metric.title}`,
                        mean: 100 * pair.mean,
                        note: [
                          metricDifference(pair.mean, pair.metric, texts).number,
                          ...(pair.interval ? [`(${intervalInWords(pair, texts)})`] : []),
                        ].join(' '),
                        verdict: say(`verdict.${pair.verdict}.word`),
                        interval: pair.interval && { low: 100 * pair.interval.low, high: 100 * pair.interval.high },
                        colour: pair.verdict === 'better' ? 2 : pair.verdict === 'worse' ? 4 : null,
                      })),
                  }),
                  say('chart.differences', { base: comparison.base }),
                ),
            noise(context),
            pairedness(context),
          ];
  return { markdown: paragraphs([`## ${say('heading.verdict')}`, ...body]), charts: book.charts };
};

const mostSentences = 4;

/** A sentence for each pair; where they are many, what is settled by itself and the rest together by metric. */
function sentences(pairs: readonly ComparedPair[], { texts }: ReportContext): string[] {
  const alone = (pair: ComparedPair) => verdictSentence(pair, texts, escapeMarkdown);
  if (pairs.length <= mostSentences || pairs.some((pair) => pair.adjustedP === null)) return pairs.map(alone);
  const open = pairs.filter((pair) => pair.verdict === 'notDistinguishable');
  return [
    ...pairs.filter((pair) => pair.verdict !== 'notDistinguishable').map(alone),
    ...[...new Set(open.map((pair) => pair.metric))].flatMap((metric) => {
      const [clearest, ...others] = open
        .filter((pair) => pair.metric === metric)
        .toSorted((a, b) => (a.studentP ?? 1) - (b.studentP ?? 1));
      if (!clearest) return [];
      const names = texts.list([clearest, ...others].map((pair) => escapeMarkdown(pair.arm)));
      return [
        others.length === 0
          ? alone(clearest)
          : `${texts.say('verdict.sameMany', { arms: names, against: escapeMarkdown(clearest.against), metric: metric.title })} ` +
            `${alone(clearest)}`,
      ];
    }),
  ];
}

/** The spread of the base over its seeds, for each primary metric. */
function noise({ comparison, texts }: ReportContext): string | null {
  const floors = comparison.noise.filter(({ arm, metric }) => arm === comparison.base && metric.primary);
  if (floors.length === 0) return null;
  const items = floors.map(({ metric, floor }) =>
    texts.say(floor.spread > 0 && floor.runs > 2 ? 'noise.item' : 'noise.none', {
      // of two runs the interval says nothing
      metric: metric.title,
      spread: metricDifference(floor.spread, metric, texts, false).inUnit,
      low: metricDifference(floor.interval.low, metric, texts, false).number,
      high: metricDifference(floor.interval.high, metric, texts, false).number,
    }),
  );
  return texts.say('noise', {
    runs: Math.max(...floors.map(({ floor }) => floor.runs)),
    arm: escapeMarkdown(comparison.base),
    items: texts.list(items),
  });
}

/** Says that the runs of one seed are pairs, or names the arm that is none. */
function pairedness({ model, chosen, texts: { say, list } }: ReportContext): string | null {
  const runs = model.runs.filter((run) => chosen.some((arm) => arm.name === run.arm) && run.summary !== null);
  const unpaired = unpairedRuns(runs);
  const [first] = runs;
  if (!first || runs.every((run) => run.arm === first.arm)) return null;
  if (unpaired.length === 0) return say('paired', { seeds: new Set(runs.map((run) => run.seed)).size });
  return chosen
    .flatMap((arm) =>
      (['differs', 'unknown'] as const).flatMap((how) => {
        const own = unpaired.filter((entry) => entry.arm === arm.name && entry.how === how);
        const parts = sharedParts
          .filter((part: SharedPart) => own.some((entry) => entry.part === part))
          .map((part) => say(`part.${part}`));
        return own.length === 0
          ? []
          : [
              say(`unpaired.${how}`, {
                arm: escapeMarkdown(arm.name),
                first: escapeMarkdown(first.arm),
                parts: list(parts),
                seeds: list([...new Set(own.map((entry) => String(entry.seed)))]),
              }),
            ];
      }),
    )
    .join(' ');
}
