import { mean } from '../../../src-shared/maths/statistics.ts';
import type { TextKey, Texts } from '../../../src-shared/reportTexts.ts';
import { warningSentence } from '../../../src-shared/runWarning.ts';
import { bounded, escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { clippedShare } from '../clippingInWords.ts';
import type { ReportArm } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';
import type { Section } from '../section.ts';

interface HealthPoint {
  readonly point: string;
  readonly title: TextKey;
  readonly write: (value: number, texts: Texts) => string;
}
const points: readonly HealthPoint[] = [
  {
    point: 'train/targetAngleDegrees',
    title: 'health.targetAngle',
    write: (value, texts) => texts.say('unit.degrees', { number: texts.decimal(value, 1) }),
  },
  { point: 'train/marginSatisfied', title: 'health.marginSatisfied', write: (value, texts) => texts.percent(value) },
  { point: 'train/beyondMargin', title: 'health.beyondMargin', write: (value, texts) => texts.percent(value) },
  { point: 'train/embeddingNorm', title: 'health.embeddingNorm', write: (value, texts) => texts.short(value) },
  { point: 'gradientNorm', title: 'health.gradientNorm', write: (value, texts) => texts.short(value) },
];

/** The share of all training steps, where other cells are values in the judged epoch. */
function clippedCell(arm: ReportArm, texts: Texts): string {
  const share = clippedShare(arm);
  return share === null ? '—' : texts.percent(share);
}

const atBest = (run: JudgedRun, point: string) =>
  run.curves[point]?.find(({ epoch }) => epoch === run.summary.bestEpoch)?.value ?? [];

/** Angles, norms and margins in the judged epoch, as far as the runs recorded them, and the warnings. */
export const healthSection: Section = ({ chosen, texts, texts: { say } }) => {
  const arms = chosen.filter((arm) => arm.runs.length > 0 && arm.given === null);
  const present = points.filter(({ point }) =>
    arms.some((arm) => arm.runs.some((run) => atBest(run, point) !== undefined && run.curves[point] !== undefined)),
  );
  const clips = arms.some((arm) => clippedShare(arm) !== null);
  const warnings = [
    ...new Set(
      arms.flatMap((arm) =>
        arm.runs.flatMap((run) => run.warnings.map((warning) => `${arm.name}: ${warningSentence(warning, texts)}`)),
      ),
    ),
  ];
  if (present.length === 0 && warnings.length === 0) return null;
  return {
    markdown: paragraphs([
      `## ${say('heading.health')}`,
      ...(present.length === 0
        ? []
        : [
            say('health.intro', { runs: Math.max(...arms.map((arm) => arm.runs.length)) }),
            table(
              [say('column.arm'), ...present.map(({ title }) => say(title)), ...(clips ? [say('health.clipped')] : [])],
              arms.map((arm) => [
                escapeMarkdown(arm.name),
                ...present.map(({ point, write }) => {
                  const values = arm.runs.flatMap((run) => atBest(run, point));
                  return values.length === 0 ? '—' : write(mean(values), texts);
                }),
                ...(clips ? [clippedCell(arm, texts)] : []),
              ]),
            ),
          ]),
      ...(warnings.length === 0
        ? []
        : [say('health.warnings'), bounded(warnings.map(escapeMarkdown), 12, (more) => say('data.more', { more }))]),
    ]),
  };
};
