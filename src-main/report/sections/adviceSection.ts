import { adviceSentence } from '../../../src-shared/advice.ts';
import { bounded, escapeMarkdown, paragraphs } from '../markdown.ts';
import type { Section } from '../section.ts';

/** What was said against the plan before it was trained. */
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
