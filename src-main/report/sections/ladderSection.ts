import { metricDifference, metricValue, pValue, verdictSentence } from '../../../src-shared/verdictSentence.ts';
import type { ComparedPair } from '../../../src-shared/comparison.ts';
import { planDifference } from '../../../src-shared/planDifference.ts';
import type { Texts } from '../../../src-shared/reportTexts.ts';
import { armsAsTrained } from '../armsAsTrained.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { Section } from '../section.ts';
import { intervalInWords } from '../intervalInWords.ts';

/** What each step of a ladder gained over the arm before it, by the primary metrics. */
export const ladderSection: Section = ({ comparison, model, texts, texts: { say } }) => {
  const { plan } = model;
  const steps = comparison.steps.filter((pair) => pair.metric.primary);
  if (steps.length === 0) return null;
  // Knobs that only the old loss has are not listed: the change of loss.name implies them.
  const changed = (arm: string, against: string) =>
    planDifference({
      ...plan,
      arms: [against, arm].flatMap((name) => armsAsTrained(model).find((entry) => entry.name === name) ?? []),
    })
      .filter(({ values }) => values[1] !== '—')
      .map(
        ({ knob, values: [from, to] }) => `\`${knob}\` ${escapeMarkdown(from === '—' ? `${to}` : `${from} → ${to}`)}`,
      )
      .join(', ');
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
      conclusion(steps, texts),
    ]),
  };
};

/** The steps that are better or worse, or what is missing to say so. */
function conclusion(steps: readonly ComparedPair[], texts: Texts): string {
  if (steps.every((pair) => pair.pairs === 1)) return texts.say('verdict.addSeeds');
  const settled = steps.filter((pair) => pair.verdict !== 'notDistinguishable');
  if (settled.length === 0) return texts.say('ladder.none');
  return settled.map((pair) => `- ${verdictSentence(pair, texts, escapeMarkdown)}`).join('\n');
}
