import { allowedFinding } from '../../../src-shared/allowedFinding.ts';
import { metricDifference } from '../../../src-shared/verdictSentence.ts';
import { code, paragraphs } from '../markdown.ts';
import type { Section } from '../section.ts';

/** What the numbers do not show. */
export const limitsSection: Section = ({ model: { plan, dataset, split }, chosen, texts, texts: { say } }) => {
  const images = (part: string) => split.parts.find((entry) => entry.part === part)?.images ?? 0;
  const test = images('test');
  const vals = chosen.flatMap((arm) => arm.runs.flatMap((run) => run.summary.evaluation.accuracy.val?.top1 ?? []));
  const solved = vals.filter((val) => val.correct === val.total).length;
  return {
    markdown: paragraphs([
      `## ${say('heading.limits')}`,
      [
        say('limits.scope', { people: dataset.people }),
        plan.seeds.length === 1 ? say('limits.oneSeed') : say('limits.seeds'),
        ...(test > 0 && test < 1000
          ? [
              say('limits.grain', {
                images: test,
                grain: metricDifference(1 / test, { unit: 'share' }, texts, false).inUnit,
              }),
            ]
          : []),
        ...(solved > 0 ? [say('limits.solved', { runs: solved, all: vals.length, images: vals[0]?.total ?? 0 })] : []),
        plan.sweep ? say('limits.swept', { val: images('val') }) : say('limits.tuning'),
        ...(dataset.layout === 'demo' ? [say('limits.demo')] : []),
        ...(plan.split.allowFindings.length > 0
          ? [
              say('limits.overridden', {
                names: texts.list(plan.split.allowFindings.map((entry) => code(allowedFinding(entry).name))),
              }),
            ]
          : []),
      ].join(' '),
    ]),
  };
};
