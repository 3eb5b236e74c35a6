import type { HalvingPlan } from '../../../src-shared/arms.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { halvingRounds, type HalvingStop } from '../../../src-shared/halving.ts';
import { knobsOf } from '../../../src-shared/knobs.ts';
import { mean } from '../../../src-shared/maths/statistics.ts';
import { lossKnob } from '../../../src-shared/sweep.ts';
import { heatMap } from '../charts/heatMap.ts';
import { parallelCoordinates, type ParallelAxis } from '../charts/parallelCoordinates.ts';
import { escapeMarkdown, paragraphs, table } from '../markdown.ts';
import { valScore, type ReportArm, type ReportContext } from '../reportContext.ts';
import { chartBook, type Section } from '../section.ts';
import { valColumn, valMeasure } from '../valMeasureInWords.ts';

interface Variant {
  readonly arm: ReportArm;
  readonly val: number;
  /** Where successive halving stopped it; null where it was trained to the end. */
  readonly halving: HalvingStop | null;
  readonly test: number | null;
  readonly knobs: ReadonlyMap<string, unknown>;
}

/** The variants of a sweep by what val says, with a heat map of each arm's first two knobs and parallel coordinates. */
export const sweepSection: Section = (context) => {
  const { model, chosen, texts } = context;
  const { say } = texts;
  const { sweep } = model.plan;
  if (!sweep) return null;
  const variants = variantsIn(context);
  if (variants.length === 0) return null;
  const diverged = model.runs
    .filter((run) => run.status === 'failed')
    .map(({ arm, seed }) => say('sweep.divergedRun', { arm: escapeMarkdown(arm), seed }));
  const knobs = Object.keys(sweep.knobs).length;
  const book = chartBook();
  return {
    markdown: paragraphs([
      `## ${say('heading.sweep')}`,
      [
        say('sweep.intro', { variants: variants.length, search: say(`sweep.${sweep.search}`), knobs }),
        ...(sweep.halving ? [halvingInWords(sweep.halving, context)] : []),
        ...(diverged.length > 0
          ? [say('sweep.divergedRuns', { runs: diverged.length, names: texts.list(diverged) })]
          : []),
        say('sweep.tied'),
      ].join(' '),
      chosen
        .filter((arm) => arm.variantOf !== undefined && arm.runs.length > 0)
        .map((arm) =>
          say('sweep.chosen', {
            arm: escapeMarkdown(arm.variantOf ?? ''),
            variant: escapeMarkdown(arm.name),
            measure: valMeasure(context),
            value: texts.percent(valScore(arm, model.plan) ?? 0),
            runs: arm.runs.length,
          }),
        )
        .join(' '),
      variantTable(variants, context),
      ...chartsOf(variants, Object.keys(sweep.knobs), { book, context }),
    ]),
    charts: book.charts,
  };
};

/** The variants that val has measured: at their end, or where successive halving stopped them. */
function variantsIn({ model: { plan, runs }, arms }: ReportContext): Variant[] {
  return arms
    .filter((arm) => arm.variantOf !== undefined)
    .flatMap((arm): Variant[] => {
      const halving = runs.find((run) => run.arm === arm.name && run.halving)?.halving ?? null;
      const val = halving ? halving.accuracy : valScore(arm, plan);
      const own = plan.arms.find((entry) => entry.name === arm.name);
      if (val === null || !own) return [];
      const tests = arm.runs.flatMap((run) => run.summary.evaluation.accuracy.test?.top1.value ?? []);
      const lossKnobs = [...knobsOf(own.loss)].map(
        ([knob, value]) => [`arms.${arm.variantOf}.loss.${knob}`, value] as const,
      );
      return [
        {
          arm,
          val,
          halving,
          test: tests.length === 0 ? null : mean(tests),
          knobs: new Map([...lossKnobs, ...Object.entries(own.settings ?? {})]),
        },
      ];
    });
}

/** The variants that came furthest first, then by what val chose by. */
function variantTable(variants: readonly Variant[], context: ReportContext): string {
  const {
    model: { plan, runs },
    chosen,
    texts,
  } = context;
  const { say } = texts;
  const halved = plan.sweep?.halving !== undefined;
  const trainedRuns = (arm: ReportArm) =>
    runs.filter((run) => run.arm === arm.name && (run.summary !== null || run.halving !== null)).length;
  const trained = (halving: HalvingStop | null) =>
    halving ? say('sweep.stopped', { epochs: halving.epochs, round: halving.round }) : say('sweep.whole');
  return table(
    [
      say('column.variant'),
      valColumn(context),
      say('column.testTop1'),
      say('column.runs'),
      ...(halved ? [say('column.trained')] : []),
    ],
    variants
      .toSorted((a, b) => (b.halving?.round ?? Infinity) - (a.halving?.round ?? Infinity) || b.val - a.val)
      .map(({ arm, val, test, halving }) => [
        chosen.includes(arm) ? `**${escapeMarkdown(arm.name)}**` : escapeMarkdown(arm.name),
        texts.percent(val),
        test === null ? '—' : texts.percent(test),
        String(trainedRuns(arm)),
        ...(halved ? [trained(halving)] : []),
      ]),
  );
}

/** Two charts for each arm that was swept, of the knobs that vary in it. */
function chartsOf(
  variants: readonly Variant[],
  names: readonly string[],
  { book, context }: Pick<Drawn, 'book' | 'context'>,
): (string | null)[] {
  const origins = [...new Set(context.arms.flatMap((arm) => arm.variantOf ?? []))].map((name) => ({ name }));
  return origins.flatMap(({ name: origin }, place) => {
    const own = variants.filter((variant) => variant.arm.variantOf === origin);
    const knobs = names.filter(
      (knob) =>
        (lossKnob(knob, origins)?.arm ?? origin) === origin &&
        new Set(own.map((variant) => variant.knobs.get(knob))).size > 1,
    );
    const suffix = place === 0 ? '' : `-${place + 1}`;
    return [
      heatMapOf(own, knobs, { origin, file: `heatmap${suffix}.svg`, book, context }),
      parallelOf(own, knobs, { origin, file: `parallel${suffix}.svg`, book, context }),
    ];
  });
}

/** The rounds of successive halving, as the arm with the most variants goes through them. */
function halvingInWords(halving: HalvingPlan, { model: { plan }, texts: { say, list } }: ReportContext): string {
  const variants = plan.arms.filter((arm) => arm.variantOf !== undefined);
  const candidates = Math.max(...[...groupBy(variants, (arm) => arm.variantOf).values()].map((own) => own.length));
  const rounds = halvingRounds(halving, { candidates, epochs: plan.training.epochs }).map((round, place) =>
    say(place === 0 ? 'sweep.firstRound' : 'sweep.round', { candidates: round.candidates, epochs: round.epochs }),
  );
  return say('sweep.halving', { rounds: list(rounds) });
}

interface Drawn {
  readonly origin: string;
  readonly file: string;
  readonly book: ReturnType<typeof chartBook>;
  readonly context: ReportContext;
}
const lastWord = (knob: string) => knob.split('.').at(-1) ?? knob;
const write = (value: unknown, { context: { texts } }: Drawn) =>
  typeof value === 'number' ? texts.short(value) : String(value);

function byValue(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : 1;
}

/**
 * The first two knobs as a grid; a cell is the mean over the other knobs. Null where the variants were drawn at random
 * and hardly ever share a value.
 */
function heatMapOf(variants: readonly Variant[], [x, y]: readonly string[], drawn: Drawn): string | null {
  if (x === undefined || y === undefined) return null;
  const { texts } = drawn.context;
  const valuesOf = (knob: string) => [...new Set(variants.map((variant) => variant.knobs.get(knob)))].sort(byValue);
  const xs = valuesOf(x);
  const ys = valuesOf(y).toReversed();
  if (xs.length > 10 || ys.length > 10 || xs.length * ys.length > 3 * variants.length) return null;
  const title = texts.say('chart.heatMap', {
    arm: drawn.origin,
    measure: valMeasure(drawn.context),
    x: lastWord(x),
    y: lastWord(y),
  });
  return drawn.book.show(
    drawn.file,
    heatMap({
      title,
      xTitle: lastWord(x),
      yTitle: lastWord(y),
      xs: xs.map((value) => write(value, drawn)),
      ys: ys.map((value) => write(value, drawn)),
      write: texts.percent,
      value: (column, row) => {
        const own = variants
          .filter((variant) => variant.knobs.get(x) === xs[column] && variant.knobs.get(y) === ys[row])
          .map((variant) => variant.val);
        return own.length === 0 ? null : mean(own);
      },
      note: (column, row) => {
        const epochs = variants
          .filter((variant) => variant.knobs.get(x) === xs[column] && variant.knobs.get(y) === ys[row])
          .map((variant) => variant.halving?.epochs ?? 0);
        return epochs.length > 0 && Math.min(...epochs) > 0
          ? texts.say('chart.stopped', { epochs: Math.max(...epochs) })
          : null;
      },
    }),
    title,
  );
}

/** Every variant as a line across its knobs, its epochs where halving stopped some, and its val accuracy. */
function parallelOf(variants: readonly Variant[], knobs: readonly string[], drawn: Drawn): string | null {
  if (knobs.length === 0 || variants.length < 2) return null;
  const { texts, model } = drawn.context;
  const values = variants.map((variant) => variant.val);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const knobAxes = knobs.map((knob) =>
    axisOf(
      lastWord(knob),
      variants.map((variant) => variant.knobs.get(knob)),
      (value) => write(value, drawn),
    ),
  );
  const epochs = variants.map(({ halving }) => halving?.epochs ?? model.plan.training.epochs);
  const halved = variants.some(({ halving }) => halving);
  const title = `${drawn.origin}: ${texts.say('chart.parallel', { measure: valMeasure(drawn.context) })}`;
  const chart = parallelCoordinates({
    title,
    best: values.indexOf(high),
    axes: [
      ...knobAxes,
      ...(halved ? [axisOf(texts.say('axis.trained'), epochs, String)] : []),
      {
        title: valMeasure(drawn.context),
        values: values.map(texts.percent),
        places: values.map((value) => (value - low) / (high - low || 1)),
      },
    ],
  });
  return drawn.book.show(drawn.file, chart, title);
}

const mostEvenlySpaced = 6;

/** An axis of values. A few values are spaced evenly, so that 16, 32 and 64 can be told apart; many are to scale. */
function axisOf(title: string, values: readonly unknown[], inWords: (value: unknown) => string): ParallelAxis {
  const distinct = [...new Set(values)].sort(byValue);
  const numbers = distinct.filter((value) => typeof value === 'number');
  const first = numbers[0] ?? 0;
  const span = (numbers.at(-1) ?? 0) - first || 1;
  const place = (value: unknown) =>
    typeof value === 'number' && distinct.length > mostEvenlySpaced
      ? (value - first) / span
      : distinct.indexOf(value) / Math.max(1, distinct.length - 1);
  return {
    title,
    values: values.map(inWords),
    places: values.map((value) => (value === undefined ? null : place(value))),
  };
}
