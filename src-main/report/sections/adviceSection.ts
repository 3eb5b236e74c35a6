import { adviceSentence } from '../../../src-shared/advice.ts';
import { bounded, escapeMarkdown, paragraphs } from '../markdown.ts';
import type { Section } from '../section.ts';

/** The warnings about the plan before training. */
export const adviceSection: Section = ({ model: { advice }, texts }) =>
  advice.length === 0
    ? null
    : {
        markdown: paragraphs([
          `## ${texts.say('heading.advice')}`,
          bounded(
            advice.map((entry) => escapeMarkdown(adviceSentence(entry, texts))),
            12,
            (more) => texts.say('data.more', { more }),
          ),
        ]),
      };
