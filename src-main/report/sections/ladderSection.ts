import { metricDifference, metricValue, verdictSentence } from '../../../src-shared/verdictSentence.ts';
import { planDifference } from '../../../src-shared/planDifference.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { Section } from '../section.ts';
import { intervalInWords } from './resultsSection.ts';

/** What each step of a ladder bought, by the primary metrics, against the arm before it. */
export const ladderSection: Section = ({ comparison, model: { plan }, texts, texts: { say } }) => {
  const steps = comparison.steps.filter((pair) => pair.metric.primary);
  if (steps.length === 0) return null;
  const changed = (arm: string, against: string) => planDifference({ ...plan, arms: plan.arms.filter((entry) => entry.name === arm || entry.name === against) }).map(({ knob }) => `\`${knob}\``).join(', ');
  const single = steps.every((pair) => pair.pairs === 1);
  return {
    markdown: paragraphs([
      `## ${say('heading.ladder')}`,
      say('ladder.intro'),
      table([say('column.step'), say('column.knob'), say('column.metric'), say('column.from'), say('column.to'), say('column.bought'), ...(single ? [] : [say('column.interval'), say('column.pairs'), say('column.verdict')])], steps.map((pair) => [
        escapeMarkdown(pair.arm), changed(pair.arm, pair.against), pair.metric.title, metricValue(pair.againstMean, pair.metric, texts), metricValue(pair.armMean, pair.metric, texts), metricDifference(pair.mean, pair.metric, texts).number,
        ...(single ? [] : [intervalInWords(pair, texts), String(pair.pairs), say(`verdict.${pair.verdict}.word`)]),
      ])),
      single ? say('verdict.addSeeds') : steps.map((pair) => `- ${verdictSentence(pair, texts, escapeMarkdown)}`).join('\n'),
    ]),
  };
};
