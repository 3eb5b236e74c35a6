import type { Rate } from '../../../src-shared/evaluation.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { meanAndRange } from '../meanAndRange.ts';
import type { ReportContext } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';

/** With more runs than this, the table has a row for each arm instead of each run. */
const mostRows = 12;

const ratesOf = ({ summary: { evaluation } }: JudgedRun): readonly (Rate | undefined)[] => [
  evaluation.accuracy.val?.top1,
  evaluation.accuracy.test?.top1,
  evaluation.accuracy.test?.top5,
];

type Trained = Pick<ReportContext, 'chosen' | 'texts'>;

/** Closed-set accuracy on val and test: run by run while the runs are few, else as means over the runs of an arm. */
export function accuracyPart({ chosen, texts }: ReportContext): string | null {
  const { say } = texts;
  const context = { chosen: chosen.filter((arm) => arm.given === null), texts }; // the others have no head to be right
  if (context.chosen.length === 0) return null;
  const runs = context.chosen.reduce((sum, arm) => sum + arm.runs.length, 0);
  const head = [say('column.valTop1'), say('column.testTop1'), say('column.testTop5')];
  return paragraphs([
    `### ${say('heading.accuracy')}`,
    ...(runs <= mostRows ? runByRun(context, head) : armByArm(context, head)),
  ]);
}

function runByRun({ chosen, texts }: Trained, head: readonly string[]): string[] {
  const { say } = texts;
  const write = (rate: Rate | undefined) =>
    rate
      ? `${texts.percent(rate.value)} (${rate.correct} / ${rate.total}; ` +
        `${texts.decimal(100 * rate.low, 1)}–${texts.decimal(100 * rate.high, 1)})`
      : '—';
  const rows = chosen.flatMap((arm) =>
    arm.runs.map((run) => [escapeMarkdown(arm.name), String(run.seed), ...ratesOf(run).map(write)]),
  );
  return [table([say('column.arm'), say('column.seed'), ...head], rows), say('accuracy.brackets')];
}

function armByArm({ chosen, texts }: Trained, head: readonly string[]): string[] {
  const { say } = texts;
  const judged = chosen.filter((arm) => arm.runs.length > 0);
  const rows = judged.map((arm) => [
    escapeMarkdown(arm.name),
    String(arm.runs.length),
    ...head.map((_, column) =>
      meanAndRange(
        arm.runs.flatMap((run) => ratesOf(run)[column]?.value ?? []),
        texts.percent,
      ),
    ),
  ]);
  const images = judged[0]?.runs[0]?.summary.evaluation.accuracy;
  return [
    table([say('column.arm'), say('column.runs'), ...head], rows),
    say('accuracy.means', { val: images?.val?.top1.total ?? 0, test: images?.test?.top1.total ?? 0 }),
  ];
}
