import type { ComparedPair } from '../../src-shared/comparison.ts';
import { verdictSentence } from '../../src-shared/verdictSentence.ts';
import { escapeMarkdown, paragraphs } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';

/** Measures of the embedding itself. Each arm's own head is another ruler: 500 logits are no cosine. */
const headFree: ReadonlySet<string> = new Set(['test.nearestCentre', 'test.mapAtR']);
const mostSentences = 6;

/** The comparisons by metrics that are not primary: Holm's correction runs over all of them together. */
const correctedTogether = (pairs: readonly ComparedPair[]): ComparedPair[] =>
  pairs.filter(({ metric, adjustedP }) => !metric.primary && adjustedP !== null);

/** The verdict by measures that no head has a part in. Of many pairs, only the settled ones have a line. */
export function headFreeInWords({ comparison, texts }: ReportContext): string | null {
  const pairs = comparison.pairs.filter(({ metric }) => headFree.has(metric.key) && !metric.primary);
  if (pairs.length === 0) return null;
  const settled = (pair: ComparedPair) => pair.verdict !== 'notDistinguishable';
  const shown = pairs.length <= mostSentences ? pairs : pairs.filter(settled);
  return paragraphs([
    texts.say('verdict.headFree'),
    shown.length === 0
      ? texts.say('verdict.headFreeNone')
      : shown.map((pair) => `- ${verdictSentence(pair, texts, escapeMarkdown)}`).join('\n'),
    shown.some(({ adjustedP }) => adjustedP !== null)
      ? texts.say('verdict.headFreeP', { comparisons: correctedTogether(comparison.pairs).length })
      : null,
  ]);
}
