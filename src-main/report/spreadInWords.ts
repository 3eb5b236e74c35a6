import type { ComparedPair } from '../../src-shared/comparison.ts';
import { metricDifference } from '../../src-shared/verdictSentence.ts';
import { escapeMarkdown } from './markdown.ts';
import type { ReportContext } from './reportContext.ts';

/** What the verdict speaks of: other seeds on one split, or other splits too. */
export function splitInWords({ model: { split }, texts: { say } }: ReportContext): string {
  return split.splits > 1 ? say('verdict.splits', { splits: split.splits }) : say('verdict.oneSplit');
}

/**
 * The spread of the difference from pair to pair, in how many pairs an arm was ahead, and how much the draw of the test
 * pictures alone would move an accuracy (the binomial model of Bouthillier et al. 2021, arXiv 2103.03098, section 3).
 */
export function spreadOfPairs(context: ReportContext): string | null {
  const { comparison, texts } = context;
  const pairs = comparison.pairs.filter(
    ({ metric, spread, fixedArms }) => metric.primary && spread !== null && fixedArms === 0,
  );
  if (pairs.length === 0) return null;
  return [
    texts.say('spread.pairs', { items: pairs.map((pair) => pairInWords(pair, context)).join('; ') }),
    samplingInWords(context),
  ]
    .filter((sentence) => sentence !== null)
    .join(' ');
}

function pairInWords(pair: ComparedPair, { chosen, texts }: ReportContext): string {
  const { metric, spread, superiority, arm, pairs } = pair;
  return texts.say('spread.pair', {
    metric: chosen.length === 2 ? metric.title : `${escapeMarkdown(arm)}, ${metric.title}`,
    spread: metricDifference(spread ?? 0, metric, texts, false).inUnit,
    arm: escapeMarkdown(arm),
    ahead: texts.short(superiority.share * pairs),
    pairs,
  });
}

/** The spread that drawing other test pictures alone would give the accuracy of the first arm. */
function samplingInWords({ chosen, texts }: ReportContext): string | null {
  const [run] = chosen[0]?.runs ?? [];
  const test = run?.summary.evaluation.accuracy.test?.top1;
  if (!test || test.total === 0 || test.value === null) return null;
  const spread = Math.sqrt((test.value * (1 - test.value)) / test.total);
  return texts.say('spread.sampling', {
    images: test.total,
    value: texts.percent(test.value),
    spread: metricDifference(spread, { unit: 'share' }, texts, false).inUnit,
  });
}
