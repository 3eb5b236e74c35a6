import { allowedFinding } from '../../../src-shared/allowedFinding.ts';
import { metricDifference } from '../../../src-shared/verdictSentence.ts';
import { code, paragraphs } from '../markdown.ts';
import type { ReportContext } from '../reportContext.ts';
import type { Section } from '../section.ts';

/** What the numbers do not show. */
export const limitsSection: Section = (context) => {
  const { chosen, texts } = context;
  const { plan, dataset, split } = context.model;
  const { say } = texts;
  const images = (part: string) => split.parts.find((entry) => entry.part === part)?.images ?? 0;
  const test = images('test');
  const byAccuracy = plan.evaluation.select === 'accuracy';
  const vals = chosen.flatMap((arm) => arm.runs.flatMap((run) => run.summary.evaluation.accuracy.val?.top1 ?? []));
  const solved = vals.filter((val) => val.correct === val.total).length;
  return {
    markdown: paragraphs([
      `## ${say('heading.limits')}`,
      [
        say('limits.scope', { people: dataset.people }),
        seedsInWords(context),
        ...(test > 0 && test < 1000
          ? [
              say('limits.grain', {
                images: test,
                grain: metricDifference(1 / test, { unit: 'share' }, texts, false).inUnit,
              }),
            ]
          : []),
        ...(solved > 0 && byAccuracy
          ? [say('limits.solved', { runs: solved, all: vals.length, images: vals[0]?.total ?? 0 })]
          : []),
        tuningLimits(
          context,
          byAccuracy ? images('val') - (split.valPeople?.images ?? 0) : (split.valPeople?.images ?? 0),
        ),
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

function seedsInWords({ model: { plan, split }, texts: { say } }: ReportContext): string {
  if (plan.seeds.length === 1) return say('limits.oneSeed');
  return split.splits > 1 ? say('limits.splits', { splits: split.splits }) : say('limits.seeds');
}

/** What the choice of hyperparameters leaves open. */
function tuningLimits({ model: { plan, tuning }, texts: { say } }: ReportContext, val: number): string {
  if (plan.sweep) return say('limits.swept', { val });
  return plan.tune
    ? say('limits.tuned', { combinations: tuning[0]?.trials.length ?? 0, seeds: plan.tune.seeds, val })
    : say('limits.tuning');
}
