import { mean } from '../../../src-shared/maths/statistics.ts';
import { fewestBootstrapPairs } from '../../../src-shared/maths/pairedDifference.ts';
import { smallestSignFlipP } from '../../../src-shared/maths/signFlipTest.ts';
import type { ComparedPair } from '../../../src-shared/comparison.ts';
import { metricDifference, metricValue, pValue } from '../../../src-shared/verdictSentence.ts';
import { lineChart } from '../charts/lineChart.ts';
import { seedBand } from '../charts/seedBand.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import type { ReportArm, ReportContext } from '../reportContext.ts';
import type { JudgedRun } from '../reportModel.ts';
import type { RunEvaluation } from '../runEvaluation.ts';
import { chartBook, type Section, type WrittenSection } from '../section.ts';

const mostRows = 12;
interface CountedRate {
  readonly correct: number;
  readonly total: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Accuracy and identification rate with their counts, and all differences with their tests. */
export const resultsSection: Section = (context) => {
  const {
    chosen,
    texts: { say },
  } = context;
  if (chosen.every((arm) => arm.runs.length === 0)) return null;
  const parts = [identificationPart(context), verificationPart(context), ranksPart(context)];
  return {
    markdown: paragraphs([
      `## ${say('heading.results')}`,
      accuracyPart(context),
      ...parts.map((part) => part?.markdown ?? null),
      marginFreePart(context),
      differencesPart(context),
    ]),
    charts: new Map(parts.flatMap((part) => [...(part?.charts ?? [])])),
  };
};

function accuracyPart({ chosen, texts, texts: { say } }: ReportContext): string {
  const rows = chosen.flatMap((arm) => arm.runs.map((run) => ({ arm, run })));
  const rates = ({
    summary: {
      evaluation: { accuracy },
    },
  }: JudgedRun) => [accuracy.val?.top1, accuracy.test?.top1, accuracy.test?.top5];
  const head = [say('column.valTop1'), say('column.testTop1'), say('column.testTop5')];
  if (rows.length <= mostRows) {
    const write = (rate: CountedRate | undefined) =>
      rate
        ? `${texts.percent(rate.value)} (${rate.correct} / ${rate.total}; ` +
          `${texts.decimal(100 * rate.low, 1)}–${texts.decimal(100 * rate.high, 1)})`
        : '—';
    return paragraphs([
      `### ${say('heading.accuracy')}`,
      table(
        [say('column.arm'), say('column.seed'), ...head],
        rows.map(({ arm, run }) => [escapeMarkdown(arm.name), String(run.seed), ...rates(run).map(write)]),
      ),
      say('accuracy.brackets'),
    ]);
  }
  const first = (rows[0]?.run as JudgedRun).summary.evaluation.accuracy;
  return paragraphs([
    `### ${say('heading.accuracy')}`,
    table(
      [say('column.arm'), say('column.runs'), ...head],
      chosen
        .filter((arm) => arm.runs.length > 0)
        .map((arm) => [
          escapeMarkdown(arm.name),
          String(arm.runs.length),
          ...[0, 1, 2].map((column) =>
            range(
              arm.runs.flatMap((run) => rates(run)[column]?.value ?? []),
              texts.percent,
            ),
          ),
        ]),
    ),
    say('accuracy.means', { val: first.val?.top1.total ?? 0, test: first.test?.top1.total ?? 0 }),
  ]);
}

/** Mean with the lowest and the highest where they differ; '—' of nothing. */
function range(values: readonly number[], write: (value: number) => string): string {
  if (values.length === 0) return '—';
  const low = Math.min(...values);
  const high = Math.max(...values);
  return write(low) === write(high)
    ? write(mean(values))
    : `${write(mean(values))} (${write(low)}${low < 0 ? ' … ' : '–'}${write(high)})`;
}

function identificationPart({ chosen, texts, texts: { say } }: ReportContext): WrittenSection | null {
  const arms = chosen.filter((arm) => arm.runs.some((run) => run.summary.evaluation.identification));
  const first = arms[0]?.runs.find((run) => run.summary.evaluation.identification)?.summary.evaluation.identification;
  if (!first) return null;
  const ratesOf = (run: JudgedRun) => run.summary.evaluation.identification?.rates ?? [];
  const carried = first.rates
    .filter((rate) => rate.carried)
    .toSorted((a, b) => b.falsePositiveRate - a.falsePositiveRate);
  const left = first.rates.filter((rate) => !rate.carried).map((rate) => texts.short(rate.falsePositiveRate));
  const most = Math.max(...arms.map((arm) => arm.runs.length));
  const at = (run: JudgedRun, falsePositiveRate: number) =>
    ratesOf(run).filter((rate) => rate.falsePositiveRate === falsePositiveRate);
  const book = chartBook();
  const title = say('chart.identification');
  const chart = lineChart({
    title,
    xTitle: say('axis.fpr'),
    yTitle: say('axis.tpr'),
    logarithmic: true,
    percent: true,
    write: texts.short,
    series: arms
      .slice(0, 6)
      .map((arm) => ({
        name: arm.name,
        colour: chosen.indexOf(arm),
        points: seedBand(
          arm.runs.map((run) =>
            ratesOf(run)
              .filter((rate) => rate.carried)
              .map((rate) => [rate.falsePositiveRate, rate.truePositiveRate] as const),
          ),
        ),
      }))
      .filter((series) => series.points.length > 1),
  });
  const cell = (runs: readonly JudgedRun[], falsePositiveRate: number) => {
    const own = runs.flatMap((run) => at(run, falsePositiveRate));
    const [only] = own;
    if (most > 1 || !only)
      return range(
        own.map((rate) => rate.truePositiveRate),
        (value) => texts.decimal(value, 3),
      );
    return (
      `${texts.decimal(only.truePositiveRate, 3)} ` +
      `(${texts.decimal(only.interval.low, 3)}–${texts.decimal(only.interval.high, 3)})`
    );
  };
  return {
    charts: book.charts,
    markdown: paragraphs([
      `### ${say('heading.identification')}`,
      say('identification.pairs', { positives: first.positives, negatives: first.negatives }),
      table(
        [say('column.fpr'), say('column.allowed'), ...arms.map((arm) => escapeMarkdown(arm.name))],
        carried.map((rate) => [
          texts.short(rate.falsePositiveRate),
          texts.count(rate.allowedFalsePositives),
          ...arms.map((arm) => cell(arm.runs, rate.falsePositiveRate)),
        ]),
      ),
      [
        most > 1 ? say('identification.several', { runs: most }) : say('identification.one'),
        ...(left.length > 0 ? [say('identification.left', { rates: texts.list(left) })] : []),
      ].join(' '),
      carried.length > 1 ? book.show('identification.svg', chart, title) : null,
    ]),
  };
}

/**
 * Same person or not: accuracy over LFW's folds, equal error rate and the ROC curve of pairs of people who never
 * trained.
 */
function verificationPart({ chosen, texts, texts: { say } }: ReportContext): WrittenSection | null {
  const of = (run: JudgedRun) => run.summary.evaluation.verification ?? [];
  const arms = chosen.filter((arm) => arm.runs.flatMap(of).length > 0);
  const first = arms[0]?.runs.flatMap(of)[0];
  if (!first) return null;
  const book = chartBook();
  const title = say('chart.roc');
  // Curves of several seeds have corners at other places: they are read off at the same rates, the lowest being one
  // impostor.
  const grid = Array.from({ length: 33 }, (_, step) => first.impostors ** (step / 32 - 1));
  const chart = lineChart({
    title,
    xTitle: say('axis.fpr'),
    yTitle: say('axis.tpr'),
    logarithmic: true,
    xTicks: [1, 0.1, 0.01, 0.001, 0.0001, 0.00001].filter((rate) => rate >= 1 / first.impostors),
    percent: true,
    write: texts.short,
    series: arms.slice(0, 6).map((arm) => ({
      name: arm.name,
      colour: chosen.indexOf(arm),
      points: seedBand(
        arm.runs
          .flatMap(of)
          .map(({ roc }) =>
            grid.map(
              (rate) =>
                [
                  rate,
                  roc.truePositiveRates[roc.falsePositiveRates.findLastIndex((own) => own <= rate + 1e-12)] ?? 0,
                ] as const,
            ),
          ),
      ),
    })),
  });
  return {
    charts: book.charts,
    markdown: paragraphs([
      `### ${say('heading.verification')}`,
      [
        say('verification.pairs', { genuine: first.genuine, impostors: first.impostors, people: first.people }),
        ...(first.source === 'file' ? [say('verification.file', { listed: first.listed ?? 0 })] : []),
        ...foldsInWords(first, texts),
      ].join(' '),
      table(
        [
          say('column.arm'),
          say('metric.verification'),
          say('metric.equalErrorRate'),
          say('metric.areaUnderCurve'),
          say('column.runs'),
        ],
        arms.map((arm) => {
          const own = arm.runs.flatMap(of);
          return [
            escapeMarkdown(arm.name),
            `${range(
              own.map(({ accuracy }) => accuracy.mean),
              texts.percent,
            )}${own.length === 1 && own[0]?.accuracy.standardDeviation !== undefined ? ` ± ${texts.decimal(100 * own[0].accuracy.standardDeviation, 1)}` : ''}`,
            range(
              own.map(({ equalErrorRate }) => equalErrorRate),
              texts.percent,
            ),
            range(
              own.map(({ areaUnderCurve }) => areaUnderCurve),
              (value) => texts.decimal(value, 4),
            ),
            String(own.length),
          ];
        }),
      ),
      acceptedShares(arms, of, texts),
      book.show('roc.svg', chart, title),
    ]),
  };
}

/** How many folds, and how many pairs each is judged on; nothing of runs that an older version judged. */
function foldsInWords(
  { accuracy: { folds = [] } }: NonNullable<RunEvaluation['verification']>,
  { say, count }: ReportContext['texts'],
): string[] {
  const pairs = folds.map((fold) => fold.pairs);
  const fewest = Math.min(...pairs);
  const most = Math.max(...pairs);
  return pairs.length === 0
    ? []
    : [
        say('verification.folds', {
          folds: pairs.length,
          pairs: fewest === most ? count(most) : `${count(fewest)}–${count(most)}`,
        }),
      ];
}

/** TAR at each FAR that the impostors carry, with Wilson's interval of one run. */
function acceptedShares(
  arms: readonly ReportArm[],
  of: (run: JudgedRun) => NonNullable<RunEvaluation['verification']> | never[],
  texts: ReportContext['texts'],
): string | null {
  const { say } = texts;
  const carried = (arms[0]?.runs.flatMap(of)[0]?.rates ?? [])
    .filter((rate) => rate.carried)
    .toSorted((a, b) => b.falsePositiveRate - a.falsePositiveRate);
  if (carried.length === 0) return null;
  const single = arms.every((arm) => arm.runs.length <= 1);
  const cell = (arm: ReportArm, far: number) => {
    const own = arm.runs
      .flatMap(of)
      .flatMap((verification) => verification.rates?.filter((rate) => rate.falsePositiveRate === far) ?? []);
    const [only] = own;
    if (!single || !only)
      return range(
        own.map((rate) => rate.truePositiveRate),
        (value) => texts.decimal(value, 3),
      );
    return (
      `${texts.decimal(only.truePositiveRate, 3)} ` +
      `(${texts.decimal(only.interval.low, 3)}–${texts.decimal(only.interval.high, 3)})`
    );
  };
  return paragraphs([
    table(
      [
        say('column.far'),
        say('column.impostors'),
        ...arms.map((arm) => say('column.tar', { arm: escapeMarkdown(arm.name) })),
      ],
      carried.map((rate) => [
        texts.short(rate.falsePositiveRate),
        texts.count(rate.allowedFalsePositives),
        ...arms.map((arm) => cell(arm, rate.falsePositiveRate)),
      ]),
    ),
    single ? say('identification.one') : null,
  ]);
}

/** Who is it: rank 1 and 5 as distractors grow, and the cumulative match curve with all of them. */
function ranksPart({ chosen, texts, texts: { say } }: ReportContext): WrittenSection | null {
  const of = (run: JudgedRun) => run.summary.evaluation.ranks ?? [];
  const arms = chosen.filter((arm) => arm.runs.flatMap(of).length > 0);
  const first = arms[0]?.runs.flatMap(of)[0];
  if (!first) return null;
  const book = chartBook();
  const seriesOf = (points: (ranks: NonNullable<RunEvaluation['ranks']>) => readonly (readonly [number, number])[]) =>
    arms.slice(0, 6).map((arm) => ({
      name: arm.name,
      colour: chosen.indexOf(arm),
      points: seedBand(arm.runs.flatMap(of).map(points)),
    }));
  const curveTitle = say('chart.cumulative', { distractors: first.byDistractors.at(-1)?.distractors ?? 0 });
  const growthTitle = say('chart.growth');
  const curve = lineChart({
    title: curveTitle,
    xTitle: say('axis.rank'),
    yTitle: say('axis.found'),
    percent: true,
    write: texts.short,
    series: seriesOf(({ cumulative }) => (cumulative ?? []).map(({ rank, value }) => [rank, value] as const)),
  });
  const growth = lineChart({
    title: growthTitle,
    xTitle: say('axis.distractors'),
    yTitle: say('axis.found'),
    percent: true,
    write: texts.short,
    series: seriesOf(({ byDistractors }) =>
      byDistractors.map(({ distractors, rank1 }) => [distractors, rank1.value] as const),
    ),
  });
  return {
    charts: book.charts,
    markdown: paragraphs([
      `### ${say('heading.ranks')}`,
      say('ranks.intro', { probes: first.probes, gallery: first.gallery }),
      table(
        [say('column.distractors'), ...first.byDistractors.map(({ distractors }) => texts.count(distractors))],
        arms.flatMap((arm) =>
          ([1, 5] as const).map((rank) => [
            say('column.rank', { arm: escapeMarkdown(arm.name), rank }),
            ...first.byDistractors.map(({ distractors }) => {
              const own = arm.runs
                .flatMap(of)
                .flatMap(({ byDistractors }) => byDistractors.filter((entry) => entry.distractors === distractors));
              return range(
                own.flatMap((entry) => (rank === 1 ? entry.rank1.value : (entry.rank5?.value ?? []))),
                texts.percent,
              );
            }),
          ]),
        ),
      ),
      book.show('cumulative.svg', curve, curveTitle),
      first.byDistractors.length > 2 ? book.show('distractors.svg', growth, growthTitle) : null,
    ]),
  };
}

/** What any two losses can be compared by: no margin, no scale. */
function marginFreePart({ chosen, texts, texts: { say } }: ReportContext): string | null {
  const of = (run: JudgedRun) => run.summary.evaluation.marginFree ?? [];
  const arms = chosen.filter((arm) => arm.runs.flatMap(of).length > 0);
  const first = arms[0]?.runs.flatMap(of)[0];
  if (!first?.centreImages) return null;
  type MarginFree = typeof first;
  const measures: readonly {
    readonly title: string;
    readonly read: (own: MarginFree) => number | null | undefined;
    readonly write: (value: number) => string;
  }[] = [
    { title: say('metric.nearestCentre'), read: (own) => own.nearestCentre.value, write: texts.percent },
    { title: say('metric.cosine'), read: (own) => own.cosine?.value, write: texts.percent },
    { title: 'P@1', read: (own) => own.retrieval?.precisionAt1, write: texts.percent },
    { title: say('metric.rPrecision'), read: (own) => own.retrieval?.rPrecision, write: texts.percent },
    { title: say('metric.mapAtR'), read: (own) => own.retrieval?.meanAveragePrecisionAtR, write: texts.percent },
    { title: say('metric.silhouette'), read: (own) => own.silhouette, write: (value) => texts.decimal(value, 3) },
    { title: say('metric.alignment'), read: (own) => own.alignment, write: (value) => texts.decimal(value, 3) },
    { title: say('metric.uniformity'), read: (own) => own.uniformity, write: (value) => texts.decimal(value, 3) },
  ];
  // With two pictures a person, P@1, R-precision and MAP@R are one and the same.
  const alike = Map.groupBy(
    measures.map(({ title, read, write }) => ({
      title,
      cells: arms.map((arm) =>
        range(
          arm.runs.flatMap(of).flatMap((own) => read(own) ?? []),
          write,
        ),
      ),
    })),
    ({ cells }) => cells.join('|'),
  );
  const rows = [...alike.values()]
    .filter(([row]) => row?.cells.some((cell) => cell !== '—'))
    .map((same) => [same.map(({ title }) => title).join(', '), ...(same[0]?.cells ?? [])]);
  return paragraphs([
    `### ${say('heading.marginFree')}`,
    say('marginFree.intro', { images: first.images, centreImages: first.centreImages }),
    table([say('column.metric'), ...arms.map((arm) => escapeMarkdown(arm.name))], rows),
  ]);
}

function differencesPart({ comparison, metrics, chosen, texts, texts: { say } }: ReportContext): string | null {
  const tested = comparison.pairs.filter((pair) => pair.adjustedP !== null);
  if (tested.length === 0) return null;
  const evaluation = chosen.flatMap((arm) => arm.runs)[0]?.summary.evaluation;
  const restsOn = (pair: ComparedPair) =>
    evaluation ? (metrics.find((metric) => metric.key === pair.metric.key)?.restsOn(evaluation) ?? '') : '';
  const pairs = Math.min(...tested.map((pair) => pair.pairs));
  return paragraphs([
    `### ${say('heading.differences')}`,
    table(
      [
        say('column.metric'),
        ...(chosen.length > 2 ? [say('column.arm')] : []),
        escapeMarkdown(comparison.base),
        chosen.length > 2 ? say('column.to') : escapeMarkdown(tested[0]?.arm ?? ''),
        say('column.difference'),
        say('column.interval'),
        say('column.effect'),
        say('column.signFlip'),
        say('column.student'),
        say('column.holm'),
        say('column.verdict'),
        say('column.restsOn'),
      ],
      tested.map((pair) => [
        pair.metric.primary ? `**${pair.metric.title}**` : pair.metric.title,
        ...(chosen.length > 2 ? [escapeMarkdown(pair.arm)] : []),
        metricValue(pair.againstMean, pair.metric, texts),
        metricValue(pair.armMean, pair.metric, texts),
        metricDifference(pair.mean, pair.metric, texts).number,
        intervalInWords(pair, texts),
        pair.effectSize === null ? '—' : texts.decimal(pair.effectSize, 2),
        pair.signFlipP === null ? '—' : pValue(pair.signFlipP, texts),
        pair.studentP === null ? '—' : pValue(pair.studentP, texts),
        pValue(pair.adjustedP as number, texts),
        say(`verdict.${pair.verdict}.word`),
        restsOn(pair),
      ]),
    ),
    [
      say('differences.primary'),
      pairs < fewestBootstrapPairs
        ? say('differences.student', { fewest: fewestBootstrapPairs })
        : say('differences.bootstrap'),
      tested.some((pair) => pair.metric.primary && pair.decidedBy === 'student')
        ? say('differences.studentDecides', { pairs, smallest: pValue(smallestSignFlipP(pairs), texts) })
        : say('differences.signFlipDecides'),
      say('differences.effect'),
    ].join(' '),
  ]);
}

/** Low to high in the unit's bare numbers; '—' without an interval. */
export const intervalInWords = (pair: ComparedPair, texts: ReportContext['texts']): string =>
  pair.interval
    ? `${metricDifference(pair.interval.low, pair.metric, texts).number} … ` +
      `${metricDifference(pair.interval.high, pair.metric, texts).number}`
    : '—';
