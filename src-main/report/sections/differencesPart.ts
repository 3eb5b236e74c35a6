import { fewestSignFlipPairs, type ComparedPair } from '../../../src-shared/comparison.ts';
import type { Texts } from '../../../src-shared/reportTexts.ts';
import { metricDifference, metricValue, pValue } from '../../../src-shared/verdictSentence.ts';
import { intervalInWords } from '../intervalInWords.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { ReportContext } from '../reportContext.ts';

/** Every metric of every arm against the first arm, with its interval and tests. */
export function differencesPart(context: ReportContext): string | null {
  const { comparison, chosen, texts } = context;
  const { say } = texts;
  const tested = comparison.pairs.filter((pair) => pair.adjustedP !== null);
  if (tested.length === 0) return null;
  const many = chosen.length > 2;
  return paragraphs([
    `### ${say('heading.differences')}`,
    table(
      [
        say('column.metric'),
        ...(many ? [say('column.arm')] : []),
        escapeMarkdown(comparison.base),
        many ? say('column.to') : escapeMarkdown(tested[0]?.arm ?? ''),
        say('column.difference'),
        say('column.interval'),
        say('column.effect'),
        say('column.superiority'),
        say('column.signFlip'),
        say('column.student'),
        say('column.holm'),
        say('column.verdict'),
        say('column.restsOn'),
      ],
      tested.map((pair) => differenceRow(pair, context)),
    ),
    methods(tested, texts),
  ]);
}

function differenceRow(pair: ComparedPair, { metrics, chosen, texts }: ReportContext): string[] {
  const orDash = (value: number | null, write: (value: number) => string) => (value === null ? '—' : write(value));
  const p = (value: number) => pValue(value, texts);
  const metric = metrics.find(({ key }) => key === pair.metric.key);
  const evaluation = chosen.flatMap((arm) => arm.runs).find((run) => metric?.read(run.summary.evaluation) !== null)
    ?.summary.evaluation;
  return [
    pair.metric.primary ? `**${pair.metric.title}**` : pair.metric.title,
    ...(chosen.length > 2 ? [escapeMarkdown(pair.arm)] : []),
    metricValue(pair.againstMean, pair.metric, texts),
    metricValue(pair.armMean, pair.metric, texts),
    metricDifference(pair.mean, pair.metric, texts).number,
    intervalInWords(pair, texts),
    orDash(pair.effectSize, (value) => texts.decimal(value, 2)),
    texts.decimal(pair.superiority.share, 2),
    orDash(pair.signFlipP, p),
    orDash(pair.studentP, p),
    orDash(pair.adjustedP, p),
    texts.say(`verdict.${pair.verdict}.word`),
    evaluation && metric ? metric.restsOn(evaluation) : '',
  ];
}

/** How the table's intervals and verdicts were found. */
function methods(tested: readonly ComparedPair[], texts: Texts): string {
  const { say } = texts;
  const studentDecides = tested.some((pair) => pair.metric.primary && pair.decidedBy === 'student');
  const stopping = tested[0]?.stopping ?? null;
  const decision = studentDecides
    ? say('differences.studentDecides', { fewest: fewestSignFlipPairs })
    : say('differences.signFlipDecides');
  return [
    say('differences.primary'),
    ...(stopping
      ? [say('differences.sequential', { most: stopping.atMost, region: texts.short(stopping.equalWithin) })]
      : [say('differences.student'), decision]),
    say('differences.effect'),
    say('differences.superiority'),
  ].join(' ');
}
