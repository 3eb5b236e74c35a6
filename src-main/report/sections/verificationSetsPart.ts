import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { meanAndRange } from '../meanAndRange.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';
import type { RunEvaluation } from '../runEvaluation.ts';

type SetResult = NonNullable<RunEvaluation['sets']>[number];

const setsOf = (run: JudgedRun): readonly SetResult[] => run.summary.evaluation.sets ?? [];

/** Accuracy on verification sets such as lfw.bin, a row for each set and arm, as insightface prints it. */
export function verificationSetsPart({ chosen, texts }: ReportContext): string | null {
  const { say } = texts;
  const names = [...new Set(chosen.flatMap(({ runs }) => runs.flatMap(setsOf).map(({ name }) => name)))];
  if (names.length === 0) return null;
  const rows = names.flatMap((name) => chosen.flatMap((arm) => resultRow(name, arm, texts)));
  return paragraphs([
    `### ${say('heading.sets')}`,
    say('sets.intro'),
    table(
      [
        say('column.set'),
        say('column.pairs'),
        say('column.arm'),
        say('column.setAccuracy'),
        say('column.interval'),
        say('column.setTar'),
        say('column.norm'),
        say('column.runs'),
      ],
      rows,
    ),
  ]);
}

/** The row of an arm for a set; none where no run of the arm was judged on it. */
function resultRow(name: string, arm: ReportArm, texts: ReportContext['texts']): string[][] {
  const own = arm.runs.flatMap(setsOf).filter((set) => set.name === name);
  const [first] = own;
  if (!first) return [];
  const single = own.length === 1 ? first : null;
  const five = (value: number) => texts.decimal(value, 5);
  const withDeviation = (value: string, deviation: number | undefined) =>
    deviation === undefined ? value : `${value}±${five(deviation)}`;
  const accuracy = meanAndRange(
    own.map(({ mean }) => mean),
    five,
  );
  const accepted = own.flatMap(({ acceptance }) => acceptance ?? []);
  return [
    [
      escapeMarkdown(name),
      texts.count(first.accuracy.total),
      escapeMarkdown(arm.name),
      withDeviation(accuracy, single?.standardDeviation),
      single ? `${five(single.accuracy.low)}–${five(single.accuracy.high)}` : '—',
      withDeviation(
        meanAndRange(
          accepted.map(({ mean }) => mean),
          five,
        ),
        single?.acceptance?.standardDeviation,
      ),
      meanAndRange(
        own.map(({ norm }) => norm),
        (value) => texts.decimal(value, 2),
      ),
      String(own.length),
    ],
  ];
}
