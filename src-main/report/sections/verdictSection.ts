import type { ComparedPair } from '../../../src-shared/comparison.ts';
import { sharedParts, unpairedRuns, type SharedPart } from '../../../src-shared/pairing.ts';
import { metricDifference, verdictSentence } from '../../../src-shared/verdictSentence.ts';
import { shorten } from '../charts/chartFrame.ts';
import { differenceChart, differenceLabel, type DifferenceRow } from '../charts/differenceChart.ts';
import { escapeMarkdown, paragraphs } from '../markdown.ts';
import type { ReportContext } from '../reportContext.ts';
import { chartBook, type Section } from '../section.ts';
import { clippingInWords } from '../clippingInWords.ts';
import { givenInWords } from '../givenInWords.ts';
import { headFreeInWords } from '../headFreeInWords.ts';
import { intervalInWords } from '../intervalInWords.ts';
import { splitInWords, spreadOfPairs } from '../spreadInWords.ts';
import { leakedStarts, unequalStarts } from '../startsInWords.ts';
import { tuningInWords } from '../tuningInWords.ts';

const isPrimary = ({ metric }: ComparedPair) => metric.primary;

/** The answer in plain words: each arm against the first by the primary metrics, and how sure it is. */
export const verdictSection: Section = (context) => {
  const book = chartBook();
  const body = answer(context, book);
  return { markdown: paragraphs([`## ${context.texts.say('heading.verdict')}`, ...body]), charts: book.charts };
};

function answer(context: ReportContext, book: ReturnType<typeof chartBook>): (string | null)[] {
  const { comparison, chosen, texts } = context;
  const { say } = texts;
  if (chosen.length < 2) return [say('verdict.none')];
  const primary = comparison.pairs.filter(isPrimary);
  if (primary.length === 0) return [say('verdict.notDone')];
  const tested = primary.filter((pair) => pair.adjustedP !== null);
  const title = say('chart.differences', { base: comparison.base });
  const open = primary.some(({ fixedArms }) => fixedArms < 2) ? say('verdict.addSeeds') : null;
  return [
    firstSentences(primary, context),
    givenInWords(context),
    unequalStarts(context),
    leakedStarts(context),
    primary.every(({ fixedArms }) => fixedArms === 2) ? null : splitInWords(context),
    tested.length > 0 ? say(bracketsOf(tested), { comparisons: tested.length }) : open,
    tested.length === 0 ? null : book.show('differences.svg', chartOf(primary, title, context), title),
    headFreeInWords(context),
    clippingInWords(context),
    noise(context),
    spreadOfPairs(context),
    pairedness(context),
  ];
}

/** Trained arms first, with how they came to their hyperparameters; then models that were not trained here. */
function firstSentences(primary: readonly ComparedPair[], context: ReportContext): string {
  const given = new Set(context.chosen.filter((arm) => arm.given !== null).map(({ name }) => name));
  const isTrained = ({ arm, against }: ComparedPair) => !given.has(arm) && !given.has(against);
  const trained = sentences(primary.filter(isTrained), context);
  const others = sentences(
    primary.filter((pair) => !isTrained(pair)),
    context,
  );
  const [first = '', ...later] = trained;
  const opened = trained.length === 0 ? [] : [`${tuningInWords(context)}: ${continued(first, context)}`];
  return [...opened, ...later, ...others].map((sentence) => `- ${sentence}`).join('\n');
}

/** A sentence after a colon: with a small letter, unless it begins with the name of an arm. */
function continued(sentence: string, { chosen }: ReportContext): string {
  const text = sentence.replace(/^\*+/, '');
  return chosen.some(({ name }) => text.startsWith(escapeMarkdown(name)))
    ? sentence
    : sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

const bracketsOf = (tested: readonly ComparedPair[]) =>
  tested.some(({ decidedBy }) => decidedBy === 'sequential') ? 'verdict.sequentialBrackets' : 'verdict.brackets';

const verdictColours = { better: 2, worse: 4, equal: 1, notDistinguishable: null } as const;

/** The primary metrics that are shares, as differences in percentage points. */
function chartOf(primary: readonly ComparedPair[], title: string, { chosen, texts }: ReportContext): string | null {
  const labelOf = ({ arm, metric }: ComparedPair) =>
    chosen.length === 2
      ? metric.title
      : `${shorten(arm, Math.max(12, differenceLabel - metric.title.length - 2))}: ${metric.title}`;
  const rows = primary
    .filter((pair) => pair.metric.unit === 'share')
    .map((pair): DifferenceRow => {
      const difference = metricDifference(pair.mean, pair.metric, texts).number;
      return {
        label: labelOf(pair),
        mean: 100 * pair.mean,
        note: pair.interval ? `${difference} (${intervalInWords(pair, texts)})` : difference,
        verdict: texts.say(`verdict.${pair.verdict}.word`),
        interval: pair.interval && { low: 100 * pair.interval.low, high: 100 * pair.interval.high },
        colour: verdictColours[pair.verdict],
      };
    });
  return differenceChart({
    title,
    xTitle: texts.say('axis.points'),
    write: (value) => texts.decimal(value, Number.isInteger(value) ? 0 : 1),
    rows,
  });
}

const mostSentences = 4;

/**
 * A sentence for each pair. Where there are many, each settled pair has its own sentence, and the undecided pairs of a
 * metric share one.
 */
function sentences(pairs: readonly ComparedPair[], { texts }: ReportContext): string[] {
  const one = (pair: ComparedPair) => verdictSentence(pair, texts, escapeMarkdown);
  if (pairs.length <= mostSentences || pairs.some((pair) => pair.adjustedP === null)) return pairs.map(one);
  const open = pairs.filter((pair) => pair.verdict === 'notDistinguishable');
  return [
    ...pairs.filter((pair) => pair.verdict !== 'notDistinguishable').map(one),
    ...[...new Set(open.map((pair) => pair.metric))].flatMap((metric) => {
      const [clearest, ...others] = open
        .filter((pair) => pair.metric === metric)
        .toSorted((a, b) => (a.studentP ?? 1) - (b.studentP ?? 1));
      if (!clearest) return [];
      const names = texts.list([clearest, ...others].map((pair) => escapeMarkdown(pair.arm)));
      if (others.length === 0) return [one(clearest)];
      const together = { arms: names, against: escapeMarkdown(clearest.against), metric: metric.title };
      return [`${texts.say('verdict.sameMany', together)} ${one(clearest)}`];
    }),
  ];
}

/** How much the first arm varies over its seeds, for each primary metric. */
function noise({ model, comparison, texts }: ReportContext): string | null {
  const floors = comparison.noise.filter(({ arm, metric }) => arm === comparison.base && metric.primary);
  if (floors.length === 0) return null;
  const items = floors.map(({ metric, floor }) =>
    // With two runs the interval is too wide to mean anything.
    texts.say(floor.spread > 0 && floor.runs > 2 ? 'noise.item' : 'noise.none', {
      metric: metric.title,
      spread: metricDifference(floor.spread, metric, texts, false).inUnit,
      low: metricDifference(floor.interval.low, metric, texts, false).number,
      high: metricDifference(floor.interval.high, metric, texts, false).number,
    }),
  );
  return texts.say(model.split.splits > 1 ? 'noise.splits' : 'noise', {
    runs: Math.max(...floors.map(({ floor }) => floor.runs)),
    arm: escapeMarkdown(comparison.base),
    items: texts.list(items),
  });
}

/** Says that the runs of one seed form pairs, or names the arms that do not. */
function pairedness({ model, chosen, texts: { say, list } }: ReportContext): string | null {
  const runs = model.runs.filter(
    (run) => chosen.some((arm) => arm.name === run.arm && arm.given === null) && run.summary !== null,
  );
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
