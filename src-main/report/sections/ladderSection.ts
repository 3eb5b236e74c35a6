import { metricDifference, metricValue, pValue, verdictSentence } from '../../../src-shared/verdictSentence.ts';
import { planDifference } from '../../../src-shared/planDifference.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { Section } from '../section.ts';
import { intervalInWords } from '../intervalInWords.ts';

/** What each step of a ladder bought, by the primary metrics, against the arm before it. */
export const ladderSection: Section = ({ comparison, model: { plan }, texts, texts: { say } }) => {
  const steps = comparison.steps.filter((pair) => pair.metric.primary);
  if (steps.length === 0) return null;
  // In the order from, to; a knob that the new loss does not have goes with the old one's name.
  const changed = (arm: string, against: string) =>
    planDifference({
      ...plan,
      arms: [against, arm].flatMap((name) => plan.arms.find((entry) => entry.name === name) ?? []),
    })
      .filter(({ values }) => values[1] !== '—')
      .map(
        ({ knob, values: [from, to] }) => `\`${knob}\` ${escapeMarkdown(from === '—' ? `${to}` : `${from} → ${to}`)}`,
      )
      .join(', ');
  const settled = steps.filter((pair) => pair.verdict !== 'notDistinguishable');
  const single = steps.every((pair) => pair.pairs === 1);
  return {
    markdown: paragraphs([
      `## ${say('heading.ladder')}`,
      say('ladder.intro'),
      table(
        [
          say('column.step'),
          say('column.knob'),
          say('column.metric'),
          say('column.from'),
          say('column.to'),
          say('column.bought'),
          ...(single ? [] : [say('column.interval'), say('column.pairs'), say('column.holm'), say('column.verdict')]),
        ],
        steps.map((pair) => [
          `${escapeMarkdown(pair.against)} → ${escapeMarkdown(pair.arm)}`,
          changed(pair.arm, pair.against),
          pair.metric.title,
          metricValue(pair.againstMean, pair.metric, texts),
          metricValue(pair.armMean, pair.metric, texts),
          metricDifference(pair.mean, pair.metric, texts).number,
          ...(single
            ? []
            : [
                intervalInWords(pair, texts),
                String(pair.pairs),
                pair.adjustedP === null ? '—' : pValue(pair.adjustedP, texts),
                say(`verdict.${pair.verdict}.word`),
              ]),
        ]),
      ),
      single ? null : say('ladder.family', { comparisons: steps.filter((pair) => pair.adjustedP !== null).length }),
      single
        ? say('verdict.addSeeds')
        : settled.length === 0
          ? say('ladder.none')
          : settled.map((pair) => `- ${verdictSentence(pair, texts, escapeMarkdown)}`).join('\n'),
    ]),
  };
};
