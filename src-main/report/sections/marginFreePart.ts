import { groupBy } from '../../../src-shared/groupBy.ts';
import type { Texts } from '../../../src-shared/reportTexts.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { meanAndRange } from '../meanAndRange.ts';
import type { ReportContext } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';
import type { RunEvaluation } from '../runEvaluation.ts';

type MarginFree = NonNullable<RunEvaluation['marginFree']>;

interface Measure {
  readonly title: string;
  readonly read: (own: MarginFree) => number | null | undefined;
  readonly write: (value: number) => string;
}

const measuresIn = ({ say, percent, decimal }: Texts): readonly Measure[] => {
  const threeDecimals = (value: number) => decimal(value, 3);
  return [
    { title: say('metric.nearestCentre'), read: (own) => own.nearestCentre.value, write: percent },
    { title: say('metric.cosine'), read: (own) => own.cosine?.value, write: percent },
    { title: 'P@1', read: (own) => own.retrieval?.precisionAt1, write: percent },
    { title: say('metric.rPrecision'), read: (own) => own.retrieval?.rPrecision, write: percent },
    { title: say('metric.mapAtR'), read: (own) => own.retrieval?.meanAveragePrecisionAtR, write: percent },
    { title: say('metric.silhouette'), read: (own) => own.silhouette, write: threeDecimals },
    { title: say('metric.alignment'), read: (own) => own.alignment, write: threeDecimals },
    { title: say('metric.uniformity'), read: (own) => own.uniformity, write: threeDecimals },
  ];
};

const marginFreeOf = (run: JudgedRun): readonly MarginFree[] => {
  const { marginFree } = run.summary.evaluation;
  return marginFree ? [marginFree] : [];
};

/** Measures that depend on no margin and no scale, so that any two losses can be compared by them. */
export function marginFreePart({ chosen, texts }: ReportContext): string | null {
  const { say } = texts;
  const arms = chosen.filter((arm) => arm.runs.flatMap(marginFreeOf).length > 0);
  const first = arms[0]?.runs.flatMap(marginFreeOf)[0];
  if (!first?.centreImages) return null;
  const mostRuns = Math.max(...arms.map(({ runs }) => runs.length));
  const measured = measuresIn(texts).map(({ title, read, write }) => ({
    title,
    cells: arms.map((arm) =>
      meanAndRange(
        arm.runs.flatMap(marginFreeOf).flatMap((own) => read(own) ?? []),
        write,
      ),
    ),
  }));
  const present = measured.filter(({ cells }) => cells.some((cell) => cell !== '—'));
  // With two pictures of each person, P@1, R-precision and MAP@R are the same number: they share a row.
  const rows = [...groupBy(present, ({ cells }) => cells.join('|')).values()].map((same) => [
    same.map(({ title }) => title).join(', '),
    ...(same[0]?.cells ?? []),
  ]);
  return paragraphs([
    `### ${say('heading.marginFree')}`,
    say('marginFree.intro', { images: first.images, centreImages: first.centreImages }),
    mostRuns > 1 ? say('identification.several', { runs: mostRuns }) : null,
    table([say('column.metric'), ...arms.map((arm) => escapeMarkdown(arm.name))], rows),
  ]);
}
